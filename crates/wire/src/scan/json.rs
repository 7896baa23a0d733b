//! JSON text, checked without recursion and without building anything.

/// What a JSON text is at its outermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonKind {
    Null,
    Object,
    Other,
}

/// Why a text is not JSON as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonError {
    Malformed,
    TooDeep,
}

/// How to check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json {
    /// The deepest nesting of arrays and objects; at most 64, for the stack is a word of bits.
    pub(crate) depth_max: usize,
    /// Whether to refuse what JavaScript reads but the engine does not: half a surrogate pair in an escape, a number
    /// that is infinite as a float, an integer between 2^63 and 2^64.
    pub(crate) portable: bool,
}

/// Where the walk stands between two tokens.
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

impl Json {
    /// Checks `text` and says what it is.
    pub(crate) fn check(self, text: &str) -> Result<JsonKind, JsonError> {
        let mut walk = Walk { bytes: text.as_bytes(), at: 0, portable: self.portable };
        walk.space();
        let kind = match walk.peek() {
            Some(b'n') => JsonKind::Null,
            Some(b'{') => JsonKind::Object,
            _ => JsonKind::Other,
        };
        // Bit n is set when the container at depth n is an object. The depth is at most 64.
        let mut objects: u64 = 0;
        let mut depth: usize = 0;
        let mut expect = Expect::Value;
        loop {
            walk.space();
            let in_object = depth > 0 && objects >> (depth - 1) & 1 == 1;
            let next = walk.peek().ok_or(JsonError::Malformed)?;
            match (&expect, next) {
                (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => {
                    walk.at += 1;
                    depth -= 1;
                }
                (Expect::CommaOrEnd, b',') => {
                    walk.at += 1;
                    expect = if in_object { Expect::Key } else { Expect::Value };
                    continue;
                }
                (Expect::CommaOrEnd, b']') if !in_object => {
                    walk.at += 1;
                    depth -= 1;
                }
                (Expect::CommaOrEnd, b'}') if in_object => {
                    walk.at += 1;
                    depth -= 1;
                }
                (Expect::Key | Expect::KeyOrEnd, b'"') => {
                    walk.string()?;
                    walk.space();
                    walk.literal(b":")?;
                    expect = Expect::Value;
                    continue;
                }
                (Expect::Value | Expect::ValueOrEnd, b'[' | b'{') => {
                    if depth == self.depth_max {
                        return Err(JsonError::TooDeep);
                    }
                    let bit = 1_u64 << depth;
                    objects = if next == b'{' { objects | bit } else { objects & !bit };
                    depth += 1;
                    walk.at += 1;
                    expect = if next == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                    continue;
                }
                (Expect::Value | Expect::ValueOrEnd, _) => walk.scalar(next)?,
                _ => return Err(JsonError::Malformed),
            }
            // A value just ended: the whole text, or an element of what encloses it.
            if depth == 0 {
                break;
            }
            expect = Expect::CommaOrEnd;
        }
        walk.space();
        if walk.at == walk.bytes.len() { Ok(kind) } else { Err(JsonError::Malformed) }
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    portable: bool,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), JsonError> {
        if self.bytes[self.at..].starts_with(literal) {
            self.at += literal.len();
            Ok(())
        } else {
            Err(JsonError::Malformed)
        }
    }

    fn scalar(&mut self, next: u8) -> Result<(), JsonError> {
        match next {
            b'"' => self.string(),
            b'n' => self.literal(b"null"),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(JsonError::Malformed),
        }
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek() {
                None | Some(0..=0x1f) => return Err(JsonError::Malformed),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 2;
        match self.bytes.get(self.at - 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => {
                let unit = self.unit()?;
                if !self.portable || !(0xd800..0xe000).contains(&unit) {
                    return Ok(());
                }
                if unit >= 0xdc00 {
                    return Err(JsonError::Malformed);
                }
                self.literal(b"\\u")?;
                if (0xdc00..0xe000).contains(&self.unit()?) { Ok(()) } else { Err(JsonError::Malformed) }
            }
            _ => Err(JsonError::Malformed),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(JsonError::Malformed)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| {
            let value = char::from(*digit).to_digit(16).ok_or(JsonError::Malformed)?;
            Ok(unit * 16 + value)
        })
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(JsonError::Malformed) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
            whole = false;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
            whole = false;
        }
        if self.portable { portable_number(&self.bytes[start..self.at], whole) } else { Ok(()) }
    }
}

/// Whether the engine reads the number: finite as a float, and not an integer between 2^63 and 2^64.
fn portable_number(digits: &[u8], whole: bool) -> Result<(), JsonError> {
    if whole && digits.len() < 19 {
        return Ok(());
    }
    let text = std::str::from_utf8(digits).map_err(|_| JsonError::Malformed)?;
    if whole && text.parse::<u64>().is_ok_and(|number| number > i64::MAX as u64) {
        return Err(JsonError::Malformed);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(()),
        _ => Err(JsonError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRICT: Json = Json { depth_max: 64, portable: true };
    const LENIENT: Json = Json { depth_max: 64, portable: false };

    /// Both verdicts must agree with a full parser, where it knows the rule.
    fn agrees(text: &str) {
        let parsed = serde_json::from_str::<serde_json::Value>(text);
        match STRICT.check(text) {
            Ok(kind) => {
                let parsed = parsed.unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(kind == JsonKind::Null, parsed.is_null(), "{text}");
                assert_eq!(kind == JsonKind::Object, parsed.is_object(), "{text}");
                assert_eq!(LENIENT.check(text), Ok(kind), "{text}");
                yrs::Any::from_json(text).expect("the engine reads it");
            }
            Err(JsonError::TooDeep) => assert!(text.matches(['[', '{']).count() > 64, "{text}"),
            Err(JsonError::Malformed) => assert!(yrs::Any::from_json(text).is_err(), "{text}"),
        }
    }

    #[test]
    fn every_form_of_json_is_judged_as_a_full_parser_judges_it() {
        let texts = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-1.5e+10",
            "1E400",
            "1e-400",
            "[]",
            "{}",
            "[[],{}]",
            r#"{"a":{"b":[1,2]}}"#,
            r#""\u00e9\ud83d\ude00\n""#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83dx""#,
            r#""\ud83d\u0041""#,
            " [ 1 , 2 ] ",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809",
            "",
            " ",
            "[",
            "]",
            "{",
            "}",
            "[}",
            "{]",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{1:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "--1",
            "tru",
            "nulll",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u12",
            "\"\\",
            "[1 2]",
            "1 1",
            "\u{feff}1",
            "[\"é😀\"]",
            "{\"a\":1,\"a\":2}",
            "NaN",
            "Infinity",
        ];
        texts.iter().for_each(|text| agrees(text));
    }

    #[test]
    fn half_a_surrogate_pair_is_for_the_lenient() {
        assert_eq!(STRICT.check(r#"{"a":"\ud83d"}"#), Err(JsonError::Malformed));
        assert_eq!(LENIENT.check(r#"{"a":"\ud83d"}"#), Ok(JsonKind::Object));
        assert_eq!(LENIENT.check("[1e999]"), Ok(JsonKind::Other));
    }

    #[test]
    fn depth_is_counted_alike_for_arrays_and_objects() {
        let nested = |depth: usize| format!("{}1{}", r#"[{"a":"#.repeat(depth), "}]".repeat(depth));
        assert_eq!(STRICT.check(&nested(32)), Ok(JsonKind::Other));
        assert_eq!(STRICT.check(&nested(33)), Err(JsonError::TooDeep));
        assert_eq!(Json { depth_max: 2, portable: true }.check("[[],[[]]]"), Err(JsonError::TooDeep));
        assert_eq!(Json { depth_max: 0, portable: true }.check("[]"), Err(JsonError::TooDeep));
    }

    proptest! {
        #[test]
        fn random_texts_are_judged_as_a_full_parser_judges_them(text in r#"[\[\]{},:"\\ue1d8.\-0 ntrulas]{0,12}"#) {
            agrees(&text);
        }

        #[test]
        fn json_with_one_character_changed_is_judged_so_too(at in 0_usize..64, to in any::<char>()) {
            let mut text: Vec<char> = r#"{"a":[1,-2.5e3,null],"b\u0041":{"c":true,"d":"\ud83d\ude00"}}"#.chars().collect();
            let at = at % text.len();
            text[at] = to;
            agrees(&text.into_iter().collect::<String>());
        }
    }
}
