// swift-tools-version: 6.2
import PackageDescription

// Imports run one way: CKernels -> ADPOTensor -> ADPO -> ADPOExports.
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
        .target(name: "ADPOTensor", dependencies: ["CKernels"]),
        .target(name: "ADPO", dependencies: ["ADPOTensor", "CKernels"]),
        .target(
            name: "ADPOExports",
            dependencies: ["ADPO", "ADPOTensor", "CADPO", "CKernels"]),
        .target(
            name: "TestSupport", dependencies: ["ADPOTensor", "ADPO"], path: "Tests/TestSupport"),
        .testTarget(
            name: "ADPOTensorTests", dependencies: ["ADPOTensor", "CKernels", "TestSupport"]),
        .testTarget(name: "ADPOTests", dependencies: ["ADPO", "ADPOTensor", "TestSupport"]),
    ]
)
