.PHONY: test
test:
	swift test -c release
