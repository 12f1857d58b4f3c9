import HOCON
import Testing

@Suite struct SubstitutionTests {
    @Test(arguments: [
        ("a = ${b}, b = 1", #"{"a":1,"b":1}"#),
        ("a = ${b.c}, b { c = [1] }", #"{"a":[1],"b":{"c":[1]}}"#),
        ("a = x${b}y ${b}, b = 1e5", #"{"a":"x1e5y 1e5","b":1e5}"#),
        ("a = ${?none}", "{}"),
        ("a = 1, a = ${?none}", #"{"a":1}"#),
        ("a = [${?none}, 1]", #"{"a":[1]}"#),
        ("a = ${?none}x", #"{"a":"x"}"#),
        ("a = ${?none} ${?none}", #"{"a":" "}"#),
        ("a = ${?none}${?none}", "{}"),
        ("a = [1] ${?none}", #"{"a":[1]}"#),
        ("a = null, b = ${a}", #"{"a":null,"b":null}"#),
        ("a = \"${b}\"", #"{"a":"${b}"}"#),
        ("base { x = 1, y = 1 }, a = ${base} { y = 2 }", #"{"base":{"x":1,"y":1},"a":{"x":1,"y":2}}"#),
        ("a = ${x}, a { b = 1 }, x { b = 2, c = 3 }", #"{"a":{"b":1,"c":3},"x":{"b":2,"c":3}}"#),
    ])
    func aSubstitutionIsReplacedByWhatItNames(text: String, expected: String) throws {
        let same = try resolve(expected).json()
        #expect(try resolve(text).sortedJSON == resolve(same).sortedJSON)
    }

    @Test(arguments: [
        ("path = [a], path = ${path} [b]", #"{"path":["a","b"]}"#),
        ("a = 1, a = ${a}x, a = ${a}y", #"{"a":"1xy"}"#),
        ("a = ${?a}x", #"{"a":"x"}"#),
        ("a = ${?a}", "{}"),
        ("a = ${a}, a = 42", #"{"a":42}"#),
        ("a { x = 1, y = ${a.x} }, a.x = 2", #"{"a":{"x":2,"y":2}}"#),
        ("foo = { a : { c : 1 } }, foo = ${foo.a}, foo = { a : 2 }", #"{"foo":{"a":2,"c":1}}"#),
        (
            "bar { a = ${foo.d}, b = 1 }, bar.b = 3, foo { c = ${bar.b}, d = 2 }, foo.d = 4",
            #"{"bar":{"a":4,"b":3},"foo":{"c":3,"d":4}}"#
        ),
        ("a = 1, b = ${a}, a = ${b}", #"{"a":1,"b":1}"#),
        ("a = ${b}, b { x = 1, y = ${a.x} }", #"{"a":{"x":1,"y":1},"b":{"x":1,"y":1}}"#),
        ("c { x = [] }, d = ${c}, d { x = ${d.x} [1], x = ${d.x} [2] }", #"{"c":{"x":[]},"d":{"x":[1,2]}}"#),
    ])
    func aValueMayBeBuiltOnItsOlderOne(text: String, expected: String) throws {
        #expect(try resolve(text).sortedJSON == resolve(expected).sortedJSON)
    }

    @Test(arguments: [
        ("a += 1, a += 2", #"{"a":[1,2]}"#),
        ("a = [0], a += [1]", #"{"a":[0,[1]]}"#),
        ("a = ${b}, a += 2, b = [1]", #"{"a":[1,2],"b":[1]}"#),
        ("a = [1], a += ${a}", #"{"a":[1,[1]]}"#),
        ("x { a += 1 }, x { a += 2 }", #"{"x":{"a":[1,2]}}"#),
    ])
    func plusEqualsAppends(text: String, expected: String) throws {
        #expect(try resolve(text).sortedJSON == resolve(expected).sortedJSON)
    }

    @Test(arguments: [
        ("x = 1\na = ${none}", "test.conf:2:5: ${none} is not defined"),
        ("a = ${a}", "test.conf:1:5: ${a} refers to itself"),
        ("a = ${b}, b = ${a}", "test.conf:1:15: ${a} refers to itself"),
        ("a = ${b}, b = ${c}, c = ${a}", "test.conf:1:25: ${a} refers to itself"),
        ("a { b = ${a} }", "test.conf:1:9: ${a} refers to itself"),
        ("a = [${a}]", "test.conf:1:6: ${a} refers to itself"),
        ("a = ${a.x}", "test.conf:1:5: ${a.x} refers to itself"),
        ("a = 1, a += 2", "test.conf:1:13: an object or array stands beside"),
        ("a = x${b}, b = [1]", "test.conf:1:16: an object or array stands beside"),
    ])
    func whatCannotBeResolvedIsAnError(text: String, expected: String) {
        #expect(failure(text).hasPrefix(expected), "\(failure(text))")
    }

    @Test func theEnvironmentIsAskedLast() throws {
        let environment = ["HOME": "/home/me", "a": "env", "COUNT": "3"]
        let text = "a = 1, b = ${a}, c = ${HOME}/x, d = ${COUNT}, e = ${?NONE}, COUNT2 = null, f = ${COUNT2}"
        let value = try resolve(text, environment: environment)
        #expect(
            value.json()
                == #"{"a":1,"b":1,"c":"/home/me/x","d":"3","COUNT2":null,"f":null}"#)
        #expect(value["d"]?.origin.environmentVariable == "COUNT")
    }

    @Test func aListComesFromNumberedVariables() throws {
        let environment = ["P_0": "a", "P_1": "b", "P_3": "d"]
        #expect(try json("x = ${P[]}", environment: environment) == #"{"x":["a","b"]}"#)
        #expect(try json("x = ${?Q[]}", environment: environment) == "{}")
        #expect(try json("x = [z], x = ${x} ${?P[]}", environment: environment) == #"{"x":["z","a","b"]}"#)
    }

    @Test func objectsWithNumbersForKeysAreArraysWhereOneIsNeeded() throws {
        #expect(try resolve("a.1 = b, a.0 = a, a.x = c")["a"]?.array?.compactMap(\.text) == ["a", "b"])
        #expect(try json("a = {\"0\": x} ${b}, b = [y]") == #"{"a":["x","y"],"b":["y"]}"#)
    }

    @Test func valuesKnowWhereTheyWereWritten() throws {
        let value = try resolve("a {\n  b = x\n  c = [1,\n    2]\n}\nd = ${a.b}")
        #expect(value["a", "b"]?.origin.description == "test.conf:2:7")
        #expect(value["a", "c"]?.array?[1].origin.description == "test.conf:4:5")
        #expect(value["d"]?.origin.description == "test.conf:2:7")
    }
}

extension HOCONValue {
    /// JSON with sorted keys, for comparing where the order is not the point.
    var sortedJSON: String {
        if case .object(let object) = content {
            return "{"
                + object.keys.sorted().compactMap { key in object[key].map { "\"\(key)\":\($0.sortedJSON)" } }
                .joined(separator: ",") + "}"
        }
        if case .array(let elements) = content {
            return "[" + elements.map(\.sortedJSON).joined(separator: ",") + "]"
        }
        return json()
    }
}
