// swift-tools-version: 6.2
import PackageDescription

// Imports run one way: CKernels, COpenBLAS -> ADPOTensor -> ADPO -> ADPOExports.
let package = Package(
    name: "libadpo",
    products: [
        .library(name: "ADPO", targets: ["ADPO"]),
        .library(name: "adpo", type: .dynamic, targets: ["ADPOExports"]),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CADPO", path: "include"),
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "ADPOTensor", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "ADPO", dependencies: ["ADPOTensor"]),
        .target(
            name: "ADPOExports",
            dependencies: ["ADPO", "ADPOTensor", "CADPO", "CKernels", "COpenBLAS"]),
        .target(
            name: "TestSupport", dependencies: ["ADPOTensor", "ADPO"], path: "Tests/TestSupport"),
        .testTarget(name: "ADPOTensorTests", dependencies: ["ADPOTensor", "TestSupport"]),
        .testTarget(name: "ADPOTests", dependencies: ["ADPO", "ADPOTensor", "TestSupport"]),
    ]
)
