//! Whether a rewritten history is the old one without what was erased, and nothing else.

use weft_doc::Document;
use weft_wire::Place;

use super::Elements;
use crate::past::{Held, NONE, Past};

/// Compares every element: who wrote it when, when it was deleted, what it holds, and what it stands beside.
///
/// # Errors
/// What is not as it should be.
pub(super) fn check(old: &Past, new: &Past, erased: &Elements) -> Result<(), String> {
    if old.head() != new.head() || old.clients.len() != new.clients.len() {
        return Err("it has other records or clients".to_owned());
    }
    for (client, other) in old.clients.iter().zip(&new.clients) {
        if (client.id, client.next) != (other.id, other.next) {
            return Err(format!("client {} has another end", client.id.get()));
        }
        let mut clock = 0;
        while clock < client.next {
            let place = Place { client: client.id, clock };
            let (Some(was), Some(is)) = (old.find(place), new.find(place)) else {
                return Err(format!("{}:{clock} is not there", client.id.get()));
            };
            let (was, is) = (&old.runs[was as usize], &new.runs[is as usize]);
            let end = was.end().min(is.end());
            let gone = erased.among(client.id, clock..end).next();
            let (end, is_erased) = match gone {
                Some(range) if range.start > clock => (range.start, false),
                Some(range) => (range.end, true),
                None => (end, false),
            };
            let wrong = |what: &str| Err(format!("{}:{clock} {what}", client.id.get()));
            if old.birth(was.client, clock) != new.birth(is.client, clock) {
                return wrong("was written by another record");
            }
            if is_erased {
                if !matches!(is.held, Held::Deleted | Held::Collected) {
                    return wrong("is still there");
                }
            } else {
                let parts = (clock - was.clock..end - was.clock, clock - is.clock..end - is.clock);
                if (was.node == NONE) != (is.node == NONE) || was.death != is.death {
                    return wrong("lived otherwise");
                }
                if old.part(was, parts.0) != new.part(is, parts.1) {
                    return wrong("holds something else");
                }
            }
            clock = end;
        }
    }
    check_order(old, new)
}

/// Everything stands in the same order in the same places.
fn check_order(old: &Past, new: &Past) -> Result<(), String> {
    if old.nodes.len() != new.nodes.len() {
        return Err("it has other blocks".to_owned());
    }
    let order = |past: &Past, start: u32| {
        let mut order: Vec<(u32, u32, u32)> = Vec::new();
        for run in past.chain(start) {
            let run = &past.runs[run as usize];
            match order.last_mut() {
                Some((client, _, end)) if *client == run.client && *end == run.clock => *end = run.end(),
                _ => order.push((run.client, run.clock, run.end())),
            }
        }
        order
    };
    for (at, (was, is)) in old.nodes.iter().zip(&new.nodes).enumerate() {
        if was.keys.len() != is.keys.len() || order(old, was.start) != order(new, is.start) {
            return Err("something stands in another place".to_owned());
        }
        for (key, other) in was.keys.iter().zip(&is.keys) {
            let chain = order(old, old.chain_start(at as u32, *key));
            if old.keys[*key as usize] != new.keys[*other as usize]
                || chain != order(new, new.chain_start(at as u32, *other))
            {
                return Err("something stands under another key".to_owned());
            }
        }
    }
    Ok(())
}

/// Whether the document engine makes the same of the rewritten log.
///
/// # Errors
/// What is not as it should be.
pub(super) fn check_engine<'a>(updates: impl Iterator<Item = &'a [u8]>, new: &Past) -> Result<(), String> {
    let document =
        Document::restore(updates).map_err(|error| format!("the document engine refuses it: {error}"))?;
    if document.text() != new.now().text() {
        return Err("the document engine has another text".to_owned());
    }
    Ok(())
}
