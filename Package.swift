// swift-tools-version: 6.0
import PackageDescription

// The kernels are compiled for speed in every configuration: an optimised C loop is tens of times
// slower without it, and debug builds must stay usable. Contraction would change results' bits.
let kernelFlags: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno", "-std=gnu2x"])]

// The interpreter runs on one thread and mutates through pointers it owns: run-time exclusivity checks would only cost.
let kernelCallerSettings: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
// Reference counts of the interpreter need no atomic instructions either: other threads run kernels only, while it waits.
let interpreterSettings: [SwiftSetting] = kernelCallerSettings + [.unsafeFlags(["-assume-single-threaded"], .when(configuration: .release))]

let package = Package(
    name: "nns",
    products: [.executable(name: "nns", targets: ["nns"])],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")],
    targets: [
        .target(name: "CKernels", cSettings: kernelFlags),
        .target(name: "CEditLine", linkerSettings: [.linkedLibrary("edit")]),
        .target(name: "CStandardLibrary", path: "stdlib", cSettings: [.unsafeFlags(["-std=gnu2x"])]),
        .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: kernelCallerSettings),
        .target(name: "Autodiff", dependencies: ["Tensors"], swiftSettings: interpreterSettings),
        .target(name: "Files", dependencies: ["Tensors"], linkerSettings: [.linkedLibrary("z")]),
        .target(name: "Plots"),
        .target(name: "Syntax", exclude: ["grammar.txt", "nns.tmLanguage.json"]),
        .target(name: "Runtime", dependencies: ["Tensors", "Autodiff", "Files", "Plots", "Syntax", "CStandardLibrary"], swiftSettings: interpreterSettings),
        .target(name: "Prompt", dependencies: ["CEditLine", "Runtime", "Files"]),
        .target(name: "Homework", dependencies: ["Runtime", "Files"]),
        .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Syntax"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .testTarget(name: "PlotsTests", dependencies: ["Plots"]),
        .testTarget(name: "SyntaxTests", dependencies: ["Syntax"]),
        .testTarget(name: "FilesTests", dependencies: ["Files", "Tensors"]),
        // Not part of the product: `scripts/fuzz` builds and runs it.
        .executableTarget(name: "Fuzz", dependencies: ["CKernels", "Files", "Runtime", "Syntax", "Tensors"], path: "Tests/Fuzz"),
        .executableTarget(name: "nns", dependencies: [
            "Files", "Plots", "Runtime", "Prompt", "Homework", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    ],
    swiftLanguageModes: [.v5]
)
