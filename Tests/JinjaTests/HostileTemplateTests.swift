import ADPOBase
import Jinja
import Testing

/// Templates that would never end, fill the memory, or overflow numbers and the stack.
struct HostileTemplateTests {
    private static let loop = "{% for a in range(99999) %}"
    private static let deep = 100_000

    @Test(arguments: [
        // Time
        String(repeating: loop, count: 4) + String(repeating: "{% endfor %}", count: 4),
        "{% set s = 'a' * 1000000 %}\(loop)\(loop){{ s.find('b') }}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}\(loop){% set t = s == 'a' * 1000000 %}{% endfor %}",
        "{% set k = [1] * 200000 %}\(loop)\(loop){% set x = [1][k] %}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}\(loop)\(loop){% set x = [1] | attr(s) %}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}\(loop)\(loop){{ 'b'.find(s) }}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}\(loop)\(loop){{ s in 'b' }}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}\(loop)\(loop){{ 'b' | replace(s, '') }}{% endfor %}{% endfor %}",
        "{% set s = 'a.' * 1000000 %}\(loop)\(loop){% set x = [] | map(attribute=s) %}{% endfor %}{% endfor %}",
        "{% set s = 'a,' * 1000000 %}\(loop)\(loop){% set x = [] | sort(attribute=s) %}{% endfor %}{% endfor %}",
        "{% set d = {'a' * 1000000: 1} %}\(loop)\(loop){% set x = dict(**d) %}{% endfor %}{% endfor %}",
        "{% set d = {'a' * 1000000: 1} %}\(loop)\(loop){% set x = dict(d) %}{% endfor %}{% endfor %}",
        "{% set l = [1] * 1000000 %}\(loop)\(loop){% set x = l | list %}{% endfor %}{% endfor %}",
        "{% set l = [1] * 1000000 %}\(loop)\(loop){% set x = l | reverse %}{% endfor %}{% endfor %}",
        "{% set l = [1] * 1000000 %}\(loop)\(loop){% set x = l | sum %}{% endfor %}{% endfor %}",
        "{% set d = dict([[1, 2]] + [[3, 4]]) %}\(loop)\(loop){{ d.values() }}{% endfor %}{% endfor %}",
        "\(loop)\(loop){{ \(String(repeating: "a", count: 1_000_000)) }}{% endfor %}{% endfor %}",
        // Memory
        "{{ 'a' * 1000000000000 }}",
        "{{ 'abc' * 9223372036854775807 }}",
        "{{ [1] * 9223372036854775807 }}",
        "{{ 'a'.ljust(9223372036854775807) }}",
        "{{ 'a'.center(1000000000000) }}",
        "{{ 'a' | indent(9223372036854775807) }}",
        "{{ [1] | batch(9223372036854775807, 'x') | list }}",
        "{{ '%999999999999d' % 1 }}",
        "{% set ns = namespace(s='ab') %}\(loop){% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}\(loop){% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}\(loop){% set ns.s = [ns.s, ns.s] %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}\(loop){% set ns.s = ns.s.replace('', ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='a') %}\(loop){% set ns.s = ns.s.join(ns.s) ~ 'a' ~ ns.s %}{% endfor %}",
        "{% for a in range(27) %}{% set a = 1 %}{% endfor %}{% set x = ['a' * 1000000] * 1000000 %}{{ x }}",
        // Depth
        "{% set ns = namespace(s=[]) %}\(loop){% set ns.s = [ns.s] %}{% endfor %}",
        "{% set ns = namespace(s={}) %}\(loop){% set ns.s = {'a': ns.s} %}{% endfor %}",
        "{% set ns = namespace() %}\(loop){% for x in [ns.l] %}{% set ns.l = loop %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
        "{{ \(String(repeating: "(", count: deep))1\(String(repeating: ")", count: deep)) }}",
        "{{ \(String(repeating: "[", count: deep))\(String(repeating: "]", count: deep)) }}",
        "{{ \(String(repeating: "{1:", count: deep))1\(String(repeating: "}", count: deep)) }}",
        "{{ \(String(repeating: "not ", count: deep))1 }}",
        "{{ \(String(repeating: "-", count: deep))1 }}",
        "{{ \(String(repeating: "1+", count: deep))1 }}",
        "{{ \(String(repeating: "1 if 1 else ", count: deep))1 }}",
        "{{ x\(String(repeating: ".a", count: deep)) }}",
        "{{ x\(String(repeating: "[0]", count: deep)) }}",
        "{{ x\(String(repeating: "(1", count: deep)) }}",
        "{{ 1\(String(repeating: "|int", count: deep)) }}",
        "{{ 1 is \(String(repeating: "in (1 is ", count: deep)) }}",
        String(repeating: "{% if 1 %}", count: deep)
            + String(repeating: "{% endif %}", count: deep),
        "{% set \(String(repeating: "(", count: deep))a\(String(repeating: ")", count: deep)) = 1 %}",
        // Numbers
        "{{ 9223372036854775808 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ -9223372036854775807 - 2 }}",
        "{{ 9223372036854775807 * 2 }}",
        "{{ -(-9223372036854775807 - 1) }}",
        "{{ (-9223372036854775807 - 1) | abs }}",
        "{{ (-9223372036854775807 - 1) // -1 }}",
        "{{ 10 ** 100 }}",
        "{{ 1e300 | int }}",
        "{{ [9223372036854775807, 1] | sum }}",
        "{{ range(0, 9223372036854775807) }}",
        "{{ range(-9223372036854775807, 9223372036854775807, 1) }}",
        // Text that is cut off
        "{{ 'a", "{{ 'a\\", "{{ '\\x", "{{ '\\u12", "{{ '\\U", "{%", "{{", "{#", "{% raw", "{%-",
        "{{ 1 -",
        "{% set", "{% for", "{% for a", "{% if", "{% macro m(", "{% call", "{% filter", "{{ a[",
        "{{ a[1:",
    ])
    func isRefused(source: String) {
        #expect(throws: ADPOError.self) { try ChatTemplate(source).render([]) }
    }

    @Test(arguments: [
        ("{{ (-9223372036854775807 - 1) % -1 }}", "0"),
        ("{{ 'abc'[-9223372036854775807:9223372036854775807] }}", "abc"),
        ("{{ 'abc'[::-9223372036854775807] }}", "c"),
        ("[{{ 'abc'[9223372036854775807] }}{{ 'abc'[-9223372036854775807] }}]", "[]"),
        ("{{ 'abc'.find('c', -9223372036854775807, 9223372036854775807) }}", "2"),
        ("{{ 'abc'.find('c', 9223372036854775807) }}", "-1"),
        ("{{ 'a'.zfill(-9223372036854775807) }}", "a"),
        ("{{ 'a b'.split(' ', 9223372036854775807) }}", "['a', 'b']"),
        ("{{ 'abc' | truncate(9223372036854775807) }}", "abc"),
        ("{{ range(9223372036854775806, 9223372036854775807, 5) | list | length }}", "1"),
        // Values that hold each other
        ("{% set a = namespace() %}{% set a.a = [a] %}{{ a.a[0].a is sequence }}", "True"),
        (
            "{% set a = namespace() %}{% macro m() %}{{ a.m is callable }}{% endmacro %}{% set a.m = m %}{{ m() }}",
            "True"
        ),
        (
            "{% set a = namespace(n=none) %}{% for i in range(99999) %}{% set a = namespace(n=a) %}{% endfor %}{{ a.n }}",
            "None"
        ),
        (
            "{% set b = namespace(n=none) %}{% for i in range(99999) %}{% set c = namespace(n=b.n) %}{% set b.n = c %}{% endfor %}{{ b.n is none }}",
            "False"
        ),
        (
            "{% set ns = namespace() %}\(loop){% for x in [1] %}{% if loop.changed(ns.l) %}{% set ns.l = loop %}{% endif %}{% endfor %}{% endfor %}{{ ns.l }}",
            "<LoopContext 1/1>"
        ),
    ])
    func isHarmless(source: String, text: String) throws {
        #expect(try ChatTemplate(source).render([]).text == text)
    }

    @Test func cutAnywhereIsNoTrap() {
        let source =
            "a {% for x in [1, 'b\\n', {'k': (1, 2.5)}] if x is not none -%} {{ x['k'][::-1] | join(', ') ~ x }} {#- c -#} {% endfor %}{% raw %}{{ }}{% endraw %}"
        for end in source.indices { _ = try? ChatTemplate(String(source[..<end])).render([]) }
        for start in source.indices { _ = try? ChatTemplate(String(source[start...])).render([]) }
    }
}
