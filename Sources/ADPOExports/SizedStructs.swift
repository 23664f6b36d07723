import ADPO
import ADPOBase
import CADPO

/// A struct of adpo.h that begins with `struct_size` and grows at its end from version to version.
///
/// Hosts of another version bring a smaller or a larger one; both sides agree on the beginning.
protocol SizedStruct {
    init()
    var struct_size: UInt32 { get set }
    /// The size in the first version that had the struct: no host has a smaller one.
    static var firstSize: Int { get }
}

extension SizedStruct {
    static var firstSize: Int { MemoryLayout<Self>.size }

    /// A larger struct is some other thing.
    private static var maximumSize: Int { 1 << 16 }

    @discardableResult
    static func checked(_ size: Int, _ name: String) throws(ADPOError) -> Int {
        guard size >= firstSize, size <= maximumSize else {
            throw ADPOError(
                .invalidArgument,
                "\(name).struct_size is \(size), not \(MemoryLayout<Self>.size): set it to sizeof, "
                    + "or call the struct's init function")
        }
        return size
    }

    /// Fills a host's struct of `size` bytes with values; what this version does not know is zero.
    func initialize(
        _ host: UnsafeMutablePointer<Self>?, size: Int, _ name: String = "config"
    ) throws(ADPOError) {
        let host = try required(host, name)
        let size = try Self.checked(size, name)
        var value = self
        value.struct_size = UInt32(size)
        let bytes = UnsafeMutableRawPointer(host)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        withUnsafeBytes(of: value) {
            UnsafeMutableRawBufferPointer(start: bytes, count: size).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0.prefix(size)))
        }
    }

    /// Reads a host's struct over the defaults. What a newer host sets beyond this version's end
    /// cannot be followed, so it must be zero.
    static func read(
        _ host: UnsafePointer<Self>, over defaults: Self, _ name: String
    ) throws(ADPOError) -> Self {
        let bytes = UnsafeRawPointer(host)
        let size = try checked(Int(bytes.load(as: UInt32.self)), name)
        let own = MemoryLayout<Self>.size
        let beyond = UnsafeRawBufferPointer(start: bytes, count: size).dropFirst(own)
        guard beyond.allSatisfy({ $0 == 0 }) else {
            throw ADPOError(
                .invalidArgument,
                "\(name) has options of a newer version than this library (\(versionText))")
        }
        var value = defaults
        withUnsafeMutableBytes(of: &value) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: min(size, own)))
        }
        return value
    }

    /// Refuses a host's struct of the wrong size before any work is done for it.
    static func check(_ host: UnsafeMutablePointer<Self>, _ name: String) throws(ADPOError) {
        _ = try checked(Int(UnsafeRawPointer(host).load(as: UInt32.self)), name)
    }

    /// Writes as much of the value as the host's struct holds, whose struct_size is set.
    func write(_ host: UnsafeMutablePointer<Self>, _ name: String) throws(ADPOError) {
        let bytes = UnsafeMutableRawPointer(host)
        let size = try Self.checked(Int(bytes.load(as: UInt32.self)), name)
        var value = self
        value.struct_size = UInt32(size)
        withUnsafeBytes(of: value) {
            UnsafeMutableRawBufferPointer(start: bytes, count: size).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0.prefix(size)))
        }
    }
}

extension adpo_model_info: SizedStruct {}
extension adpo_export_report: SizedStruct {}
extension adpo_generation_config: SizedStruct {}
extension adpo_objective: SizedStruct {}
extension adpo_loss_input: SizedStruct {}
extension adpo_trainer_config: SizedStruct {}
extension adpo_run_config: SizedStruct {}
extension adpo_trainer_info: SizedStruct {}
extension adpo_metrics: SizedStruct {}
