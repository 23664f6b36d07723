// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "TuneAndGenerate",
    dependencies: [.package(name: "libadpo", path: "../..")],
    targets: [
        .executableTarget(
            name: "TuneAndGenerate", dependencies: [.product(name: "ADPO", package: "libadpo")])
    ]
)
