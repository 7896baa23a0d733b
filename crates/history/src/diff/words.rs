//! Two texts word by word: what stayed, as far as the words tell and the elements they are made of.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The most words on both sides of one gap that are compared by what they say. Beyond, what was written and deleted there
/// is told as it was done, which is right as well, only longer.
pub(crate) const GAP_WORDS_MAX: usize = 40_000;

/// A word, a stretch of spaces or a single other character.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Its bytes in the text.
    pub(crate) bytes: Range<usize>,
    /// Where it starts among the bytes that both texts share, if it is made of such only.
    pub(crate) shared: Option<usize>,
}

/// A stretch that stayed, or one that took another's place; as bytes of the old and the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
    pub(crate) equal: bool,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Word,
    Space,
    Single,
}

fn class(char: char) -> Class {
    match char {
        '\n' => Class::Single,
        _ if char.is_whitespace() => Class::Space,
        // Scripts that put no spaces between words are told character by character.
        '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => Class::Single,
        '_' | '\u{300}'..='\u{36f}' => Class::Word,
        _ if char.is_alphanumeric() => Class::Word,
        _ => Class::Single,
    }
}

/// Where the tokens of a text are.
pub(crate) fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut tokens: Vec<Range<usize>> = Vec::new();
    let mut last = Class::Single;
    for (at, char) in text.char_indices() {
        let (class, end) = (class(char), at + char.len_utf8());
        match tokens.last_mut() {
            Some(token) if class == last && class != Class::Single => token.end = end,
            _ => tokens.push(at..end),
        }
        last = class;
    }
    tokens
}

/// What stayed and what did not, in order; everything of both texts is in it.
pub(crate) fn compare(old: (&str, &[Token]), new: (&str, &[Token])) -> Vec<Op> {
    let mut ops = Vec::new();
    let (mut from_old, mut from_new) = (0, 0);
    for (at_old, at_new) in anchors(old.1, new.1) {
        gap(old, from_old..at_old, new, from_new..at_new, &mut ops);
        push(&mut ops, old.1[at_old].bytes.clone(), new.1[at_new].bytes.clone(), true);
        (from_old, from_new) = (at_old + 1, at_new + 1);
    }
    gap(old, from_old..old.1.len(), new, from_new..new.1.len(), &mut ops);
    whole(old.0, ops)
}

/// Tokens made of the very same elements on both sides.
fn anchors(old: &[Token], new: &[Token]) -> Vec<(usize, usize)> {
    let shared = |tokens: &[Token]| -> Vec<(usize, usize, usize)> {
        let place = |(at, token): (usize, &Token)| Some((token.shared?, token.bytes.len(), at));
        tokens.iter().enumerate().filter_map(place).collect()
    };
    let (old, new) = (shared(old), shared(new));
    let (mut one, mut other, mut found) = (0, 0, Vec::new());
    while let (Some(left), Some(right)) = (old.get(one), new.get(other)) {
        match left.0.cmp(&right.0) {
            std::cmp::Ordering::Less => one += 1,
            std::cmp::Ordering::Greater => other += 1,
            std::cmp::Ordering::Equal => {
                if left.1 == right.1 {
                    found.push((left.2, right.2));
                }
                (one, other) = (one + 1, other + 1);
            }
        }
    }
    found
}

fn gap(
    old: (&str, &[Token]),
    in_old: Range<usize>,
    new: (&str, &[Token]),
    in_new: Range<usize>,
    ops: &mut Vec<Op>,
) {
    let bytes =
        |tokens: &[Token], range: Range<usize>| match (tokens.get(range.start), range.end.checked_sub(1)) {
            (Some(first), Some(last)) if range.start < range.end => first.bytes.start..tokens[last].bytes.end,
            _ => 0..0,
        };
    let all = in_old.len() + in_new.len();
    if in_old.is_empty() || in_new.is_empty() || all > GAP_WORDS_MAX {
        push(ops, bytes(old.1, in_old), bytes(new.1, in_new), false);
        return;
    }
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut number = |word| {
        let next = numbers.len() as u32;
        *numbers.entry(word).or_insert(next)
    };
    let left: Vec<u32> =
        old.1[in_old.clone()].iter().map(|token| number(&old.0[token.bytes.clone()])).collect();
    let right: Vec<u32> =
        new.1[in_new.clone()].iter().map(|token| number(&new.0[token.bytes.clone()])).collect();
    for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
        let (_, one, other) = op.as_tag_tuple();
        let one = bytes(old.1, in_old.start + one.start..in_old.start + one.end);
        let other = bytes(new.1, in_new.start + other.start..in_new.start + other.end);
        push(ops, one, other, matches!(op, DiffOp::Equal { .. }));
    }
}

/// Adds a stretch; an empty side stands where the other stretches of its text end.
fn push(ops: &mut Vec<Op>, old: Range<usize>, new: Range<usize>, equal: bool) {
    let (at_old, at_new) = ops.last().map_or((0, 0), |last| (last.old.end, last.new.end));
    let old = if old.is_empty() { at_old..at_old } else { old };
    let new = if new.is_empty() { at_new..at_new } else { new };
    if old.is_empty() && new.is_empty() {
        return;
    }
    match ops.last_mut() {
        Some(last) if last.equal == equal => (last.old.end, last.new.end) = (old.end, new.end),
        _ => ops.push(Op { old, new, equal }),
    }
}

/// Spaces that stayed between two replaced stretches go with them, so that a rewritten sentence reads as one.
fn whole(old: &str, ops: Vec<Op>) -> Vec<Op> {
    let replaced =
        |op: Option<&Op>| op.is_some_and(|op| !op.equal && !op.old.is_empty() && !op.new.is_empty());
    let mut told: Vec<Op> = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        let between = op.equal
            && !old[op.old.clone()].contains('\n')
            && old[op.old.clone()].trim().is_empty()
            && at > 0
            && replaced(ops.get(at - 1))
            && replaced(ops.get(at + 1));
        push(&mut told, op.old.clone(), op.new.clone(), op.equal && !between);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(old: &str, new: &str) -> Vec<(String, String, bool)> {
        let token = |bytes| Token { bytes, shared: None };
        let (left, right): (Vec<_>, Vec<_>) =
            (tokens(old).into_iter().map(token).collect(), tokens(new).into_iter().map(token).collect());
        let ops = compare((old, &left), (new, &right));
        ops.into_iter().map(|op| (old[op.old].to_owned(), new[op.new].to_owned(), op.equal)).collect()
    }

    fn part(old: &str, new: &str, equal: bool) -> (String, String, bool) {
        (old.to_owned(), new.to_owned(), equal)
    }

    #[test]
    fn words_are_told_whole() {
        assert_eq!(
            parts("the color red", "the colour red"),
            [part("the ", "the ", true), part("color", "colour", false), part(" red", " red", true)]
        );
        assert_eq!(parts("漢字", "漢語"), [part("漢", "漢", true), part("字", "語", false)]);
    }

    #[test]
    fn a_rewritten_sentence_reads_as_one() {
        assert_eq!(parts("a b", "c d"), [part("a b", "c d", false)]);
    }

    #[test]
    fn beyond_the_limit_all_is_told_as_replaced() {
        let old = "x ".repeat(GAP_WORDS_MAX / 4);
        let new = format!("{old}y");
        assert_eq!(parts(&old, &old).len(), 1);
        assert!(parts(&old, &old)[0].2);
        assert_eq!(parts(&old, &new).len(), 1);
        assert!(!parts(&old, &new)[0].2);
    }
}
