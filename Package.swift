// swift-tools-version: 6.2
import PackageDescription

// Imports run one way: CKernels -> ADPOTensor -> ADPO -> ADPOExports, with ADPOBase below all of the
// Swift, and Jinja between it and ADPO.
let package = Package(
    name: "libadpo",
    products: [
        .library(name: "ADPO", targets: ["ADPO"]),
        .library(name: "adpo", type: .dynamic, targets: ["ADPOExports"]),
    ],
    targets: [
        .systemLibrary(name: "CADPO", path: "include"),
        .target(
            name: "CKernels", cSettings: [.headerSearchPath(".")],
            linkerSettings: [.linkedLibrary("m")]),
        .target(name: "ADPOBase"),
        .target(name: "Jinja", dependencies: ["ADPOBase"]),
        .target(name: "ADPOTensor", dependencies: ["ADPOBase", "CKernels"]),
        .target(name: "ADPO", dependencies: ["ADPOBase", "ADPOTensor", "CKernels", "Jinja"]),
        .target(
            name: "ADPOExports",
            dependencies: ["ADPO", "ADPOBase", "ADPOTensor", "CADPO", "CKernels"]),
        .target(
            name: "TestSupport", dependencies: ["ADPO", "ADPOBase", "ADPOTensor"],
            path: "Tests/TestSupport"),
        .testTarget(name: "ADPOBaseTests", dependencies: ["ADPOBase", "TestSupport"]),
        .testTarget(name: "JinjaTests", dependencies: ["ADPOBase", "Jinja", "TestSupport"]),
        .testTarget(
            name: "ADPOTensorTests",
            dependencies: ["ADPOBase", "ADPOTensor", "CKernels", "TestSupport"]),
        .testTarget(
            name: "ADPOTests",
            dependencies: ["ADPO", "ADPOBase", "ADPOTensor", "Jinja", "TestSupport"]),
    ]
)

// A file imports all that it uses, members of extensions too.
for target in package.targets where target.type != .system {
    target.swiftSettings = [.enableUpcomingFeature("MemberImportVisibility")]
}
