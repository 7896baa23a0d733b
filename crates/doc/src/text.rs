//! Plain text out of a document, without recursion: nesting depth is a stranger's choice.

use yrs::branch::BranchPtr;
use yrs::types::text::YChange;
use yrs::{
    Any, GetString, Map, MapRef, Out, ReadTxn, Text, TextRef, XmlFragment, XmlFragmentRef, XmlOut, XmlTextRef,
};

/// All roots that hold text or blocks, by name, a line per block.
pub(crate) fn document<T: ReadTxn>(txn: &T) -> String {
    let mut names: Vec<&str> = txn.root_refs().map(|(name, _)| name).collect();
    names.sort_unstable();
    let mut texts = names.into_iter().map(|name| root(txn, name)).filter(|text| !text.is_empty());
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |mut all, text| {
        all.push('\n');
        all.push_str(&text);
        all
    })
}

/// One root's text; empty if it holds none.
pub(crate) fn root<T: ReadTxn>(txn: &T, name: &str) -> String {
    match txn.get(name) {
        Some(Out::YText(text)) => text.get_string(txn),
        Some(Out::YXmlFragment(fragment)) => blocks(txn, &fragment),
        // What kind a root is does not stand in the bytes: it shows in what lies in it.
        Some(Out::UndefinedRef(branch)) => undefined(txn, branch),
        _ => String::new(),
    }
}

/// A whole number in a root map.
pub(crate) fn integer<T: ReadTxn>(txn: &T, root: &str, key: &str) -> Option<i64> {
    let map = match txn.get(root)? {
        Out::YMap(map) => map,
        Out::UndefinedRef(branch) => MapRef::from(branch),
        _ => return None,
    };
    match map.get(txn, key)? {
        Out::Any(Any::Number(number)) => number.as_i64(),
        _ => None,
    }
}

fn undefined<T: ReadTxn>(txn: &T, branch: BranchPtr) -> String {
    let fragment = XmlFragmentRef::from(branch);
    if fragment.get(txn, 0).is_some() {
        blocks(txn, &fragment)
    } else {
        TextRef::from(branch).get_string(txn)
    }
}

/// What is still to be written of a tree, last first.
enum Left {
    Node(XmlOut),
    /// Everything inside one element that holds text has been written.
    LineEnd,
}

fn blocks<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> String {
    let mut out = String::new();
    let mut stack: Vec<Left> = children(txn, fragment);
    while let Some(left) = stack.pop() {
        match left {
            Left::LineEnd => end_line(&mut out),
            Left::Node(XmlOut::Text(text)) => push_text(txn, &text, &mut out),
            Left::Node(XmlOut::Fragment(inner)) => stack.extend(children(txn, &inner)),
            Left::Node(XmlOut::Element(element)) => {
                if &**element.tag() == "hardBreak" {
                    out.push('\n');
                    continue;
                }
                end_line(&mut out);
                stack.push(Left::LineEnd);
                stack.extend(element_children(txn, &element));
            }
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn children<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> Vec<Left> {
    let mut nodes: Vec<Left> = fragment.children(txn).map(Left::Node).collect();
    nodes.reverse();
    nodes
}

fn element_children<T: ReadTxn>(txn: &T, element: &yrs::XmlElementRef) -> Vec<Left> {
    let mut nodes: Vec<Left> = element.children(txn).map(Left::Node).collect();
    nodes.reverse();
    nodes
}

/// Only the characters: `get_string` of formatted XML text would write its marks as tags.
fn push_text<T: ReadTxn>(txn: &T, text: &XmlTextRef, out: &mut String) {
    for run in text.diff(txn, YChange::identity) {
        match run.insert {
            Out::Any(Any::String(chars)) => out.push_str(&chars),
            Out::YXmlElement(element) if &**element.tag() == "hardBreak" => out.push('\n'),
            _ => {}
        }
    }
}
