extension HOCONValue {
    /// A number of bytes: a number, or a text such as `10 GiB` (HOCON.md, "Size in bytes format"; `kB` is 1000, `K` and
    /// `KiB` are 1024). `nil` when it is neither, or beyond 64 bits.
    public var bytes: Int64? { text.flatMap(HOCONUnits.bytes) }

    /// Seconds: a number of milliseconds, or a text such as `1.5 minutes` (HOCON.md, "Duration format").
    public var seconds: Double? { text.flatMap(HOCONUnits.seconds) }
}

/// The specification's units.
public enum HOCONUnits {
    public static func bytes(_ text: String) -> Int64? {
        guard let (number, unit) = split(text), let factor = byteFactor(unit) else { return nil }
        if let whole = Int64(number), let factor = Int64(exactly: factor) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return Double(number).flatMap { Int64(exactly: ($0 * factor).rounded(.towardZero)) }
    }

    public static func seconds(_ text: String) -> Double? {
        guard let (number, unit) = split(text), let value = Double(number) else { return nil }
        return switch unit {
        case "ns", "nano", "nanos", "nanosecond", "nanoseconds": value / 1e9
        case "us", "micro", "micros", "microsecond", "microseconds": value / 1e6
        case "", "ms", "milli", "millis", "millisecond", "milliseconds": value / 1e3
        case "s", "second", "seconds": value
        case "m", "minute", "minutes": value * 60
        case "h", "hour", "hours": value * 3_600
        case "d", "day", "days": value * 86_400
        default: nil
        }
    }

    private static func split(_ text: String) -> (number: String, unit: String)? {
        let trimmed = text.drop(while: \.isWhitespace)
        let number = trimmed.prefix { "0123456789.+-eE".contains($0) }
        // `1e` is one exbibyte, not the beginning of an exponent.
        var digits = number
        while let last = digits.last, !last.isNumber, last != "." { digits.removeLast() }
        let rest = trimmed[digits.endIndex...].drop(while: \.isWhitespace)
        let unit = rest.prefix(while: \.isLetter)
        guard !digits.isEmpty, rest[unit.endIndex...].allSatisfy(\.isWhitespace) else { return nil }
        return (String(digits.hasPrefix("+") ? digits.dropFirst() : digits), String(unit))
    }

    private static func byteFactor(_ unit: String) -> Double? {
        let letters = ["", "k", "m", "g", "t", "p", "e", "z", "y"]
        let decimal = ["", "kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"]
        let binary = ["", "kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi"]
        switch unit {
        case "", "B", "b", "byte", "bytes": return 1
        default: break
        }
        for power in 1..<letters.count {
            let upper = letters[power].uppercased()
            let thousand = [power == 1 ? "kB" : upper + "B", decimal[power] + "byte", decimal[power] + "bytes"]
            if thousand.contains(unit) { return (0..<power).reduce(1.0) { product, _ in product * 1_000 } }
            let binaryNames = [
                upper, letters[power], upper + "i", upper + "iB", binary[power] + "byte", binary[power] + "bytes",
            ]
            if binaryNames.contains(unit) { return (0..<power).reduce(1.0) { product, _ in product * 1_024 } }
        }
        return nil
    }
}
