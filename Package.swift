// swift-tools-version: 6.1
import Glibc
import PackageDescription

/// ISA-L inflates gzip in a half of zlib's time; where it is not installed, zlib does it.
let hasISAL = ["/usr/include", "/usr/local/include"].contains { access($0 + "/isa-l/igzip_lib.h", R_OK) == 0 }

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Several C modules include the same system headers; which of them then owns `timespec` depends on the order of
// their imports. Where they meet, members are visible from any of them.
let platformSettings = swiftSettings.dropLast() + (hasISAL ? [.define("ISAL")] : [])

let package = Package(
    name: "clearml-sync",
    products: [
        .executable(name: "clearml-sync", targets: ["clearml-sync"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The person at the terminal: one file per command, progress, messages, exit codes.
        .executableTarget(
            name: "clearml-sync",
            dependencies: [
                "Execution", "Caching", "Remotes", "Configuration", "HOCON", "Planning", "Platform",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings,
            // Without a fixed address the loader would write to 90,000 places of the binary at each start.
            linkerSettings: [.unsafeFlags(["-Xclang-linker", "-no-pie"], .when(configuration: .release))]),

        // Carries out a plan: fetch, verify, extract, commit, link; owns the workspace's state.
        .target(
            name: "Execution",
            dependencies: [
                "Caching", "Remotes", "Configuration", "Planning", "Platform",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),

        // The content-addressed cache on disk: blobs, trees, recipes, roots, leases, partials, index.
        .target(
            name: "Caching",
            dependencies: [
                "Planning", "Platform",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),

        // Where bytes come from: turns "get this object" into requests; substitution and direct access.
        .target(
            name: "Remotes",
            dependencies: [
                "Configuration", "Planning", "Platform", .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),

        // clearml.conf, environment and flags become one typed Settings value that knows its origins.
        .target(
            name: "Configuration",
            dependencies: [
                "HOCON", "Planning", "Platform", .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),

        // The HOCON language as its specification has it; knows nothing of ClearML.
        .target(name: "HOCON", swiftSettings: swiftSettings),

        // Values only, no I/O: manifest, lock, URLs, digests, the plan and the pure function plan().
        .target(
            name: "Planning",
            dependencies: [.product(name: "Yams", package: "Yams")],
            swiftSettings: swiftSettings),

        // One thin typed wrapper per outside thing: files, HTTP, archives, digests, threads, terminal.
        .target(
            name: "Platform",
            dependencies: [
                "CCurl", "CArchive", "CZlib", "CCrypto", "CXXHash", "CLinux",
                .product(name: "SystemPackage", package: "swift-system"),
            ] + (hasISAL ? ["CISAL"] : []),
            swiftSettings: Array(platformSettings)),

        // libcurl and libarchive, loaded when they are first called: headers from libcurl4-openssl-dev and libarchive-dev.
        .target(name: "CCurl", dependencies: ["CLoading"]),
        .target(name: "CArchive", dependencies: ["CLoading"]),
        // Shared libraries that are loaded when they are first needed.
        .target(name: "CLoading"),
        // zlib: libarchive's own gzip filter does not verify the CRC.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // ISA-L: the same gzip in a half of zlib's time, where it is installed.
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        // OpenSSL's libcrypto.
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // xxHash.
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        // The GNU and Linux calls that Glibc's Swift module hides.
        .target(name: "CLinux"),

        // Times the signature of an S3 request.
        .executableTarget(
            name: "signing-cost", dependencies: ["Remotes", "Configuration", "Platform"],
            path: "Tests/Benchmarks/Signing", swiftSettings: swiftSettings),
        // What several test targets need: temporary folders, the real binary, servers on loopback.
        .target(
            name: "TestSupport",
            dependencies: ["Platform", "CArchiveWriter"],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        .systemLibrary(
            name: "CArchiveWriter", path: "Tests/CArchiveWriter", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"])]),
        .testTarget(
            name: "HOCONTests", dependencies: ["HOCON"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PlanningTests", dependencies: ["Planning"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "HOCON", "Planning", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PlatformTests", dependencies: ["Platform", "CCurl", "CArchive", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "CachingTests",
            dependencies: [
                "Caching", "Planning", "Platform", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RemotesTests",
            dependencies: ["Remotes", "Configuration", "HOCON", "Planning", "Platform", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ExecutionTests",
            dependencies: [
                "Execution", "Caching", "Remotes", "Configuration", "HOCON", "Planning", "Platform", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),
        // Drives the real binary, as a user would.
        .testTarget(
            name: "CommandTests", dependencies: ["clearml-sync", "Planning", "Platform", "TestSupport"],
            swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)
