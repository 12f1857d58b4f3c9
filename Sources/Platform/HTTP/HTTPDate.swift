internal import CCurl

/// Dates in any form that HTTP allows (RFC 9110, 5.6.7), and some that it does not.
public enum HTTPDate {
    /// Seconds since 1970-01-01 UTC; what is not in the usual form is left to curl_getdate(3).
    public static func parse(_ text: String) -> Int64? {
        var text = text
        if let seconds = text.withUTF8(fixed) { return seconds }
        let seconds = curl_getdate(text, nil)
        return seconds == -1 ? nil : Int64(seconds)
    }

    /// The form that servers are to send, from 1970 on: `Sun, 06 Nov 1994 08:49:37 GMT`. Each response has one or two.
    private static func fixed(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 29, matches(text), let day = number(text[5..<7]), let month = month(text[8..<11]),
            let year = number(text[12..<16]), let hour = number(text[17..<19]), let minute = number(text[20..<22]),
            let second = number(text[23..<25]), (1...31).contains(day), year >= 1970, hour < 24, minute < 60,
            second < 60
        else { return nil }
        return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    }

    /// Whether all that is no number and no name is as it has to be.
    private static func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text[3] == UInt8(ascii: ",") && text[19] == UInt8(ascii: ":") && text[22] == UInt8(ascii: ":")
            && [4, 7, 11, 16, 25].allSatisfy { text[$0] == UInt8(ascii: " ") }
            && text[26] == UInt8(ascii: "G") && text[27] == UInt8(ascii: "M") && text[28] == UInt8(ascii: "T")
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// From 1.
    private static func month(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        months.firstIndex { month in
            UnsafeBufferPointer(start: month.utf8Start, count: 3).elementsEqual(name)
        }.map { Int64($0 + 1) }
    }

    /// Days since 1970-01-01 in the Gregorian calendar. A year that begins in March has its leap day at its end.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let years = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 719_469
    }
}
