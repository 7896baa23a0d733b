//! Whether an update brings back what it promises, found out by merging it twice: into the past as it is, and into a
//! document made anew by the document engine.

use weft_doc::Document;
use weft_ids::{ClientId, Seq, SessionId, UnixMillis};
use weft_store::{Author, BatchId, Record, RecordHash, RecordKind};

use crate::content::ContentHash;
use crate::past::{KEPT_ROOT, Moment, Past, WayBack, Wish};

/// # Errors
/// What is not as it should be, for the log.
pub(super) fn check(past: &Past, wish: &Wish, way: &WayBack, client: ClientId) -> Result<(), String> {
    let mut ours = past.clone();
    add(&mut ours, way.update.bytes())?;
    let then = ours.now();

    let state = past.now().state().map_err(|error| format!("the state of now: {error}"))?;
    let mut document = Document::restore([&state[..], way.update.bytes()])
        .map_err(|error| format!("the document engine refuses it: {error}"))?;
    let mut theirs = Past::new();
    add(&mut theirs, &document.state())?;
    if theirs.now().content() != then.content() {
        return Err("the document engine merges it to something else".to_owned());
    }
    if theirs.now().text() != then.text() {
        return Err("the document engine has another text".to_owned());
    }
    kept(past, wish, &then, client)
}

/// As the next record.
fn add(past: &mut Past, update: &[u8]) -> Result<(), String> {
    past.add(&Record {
        seq: past.head().next(),
        prev: RecordHash::FIRST,
        time: UnixMillis(0),
        author: Author { user: None, name: None, session: SessionId(0) },
        kind: RecordKind::Restore,
        batch: BatchId { writer: 0, number: 0 },
        update: update.to_vec().into(),
    })
    .map_err(|error| format!("it cannot be folded: {error}"))
}

/// Whether what the wish names is as it was.
fn kept(past: &Past, wish: &Wish, then: &Moment<'_>, client: ClientId) -> Result<(), String> {
    let moment = |seq: Seq| past.moment(seq).ok_or_else(|| format!("there is no record {seq}"));
    let same_whole = |seq: Seq| -> Result<(), String> {
        let content = |moment: &Moment<'_>| moment.content_of_roots(|name| name != KEPT_ROOT);
        if content(&moment(seq)?) == content(then) { Ok(()) } else { Err(format!("it is not as at {seq}")) }
    };
    match wish {
        Wish::Whole { to } => same_whole(*to),
        Wish::TakeBack { from, to, writer: None } if *to == past.head() => same_whole(*from),
        // What is left of others' work in it is theirs to say.
        Wish::TakeBack { .. } => Ok(()),
        Wish::Keys { to, keys } => {
            let wished = moment(*to)?;
            for (root, key) in keys {
                let same = match key {
                    Some(key) => wished.content_of_entry(root, key) == then.content_of_entry(root, key),
                    None => {
                        let content = |moment: &Moment<'_>| moment.content_of_roots(|name| name == root);
                        content(&wished) == content(then)
                    }
                };
                if !same {
                    return Err(format!("{root:?} {key:?} is not as at {to}"));
                }
            }
            Ok(())
        }
        Wish::Blocks { to, blocks } => {
            let wished = moment(*to)?;
            let made: Vec<ContentHash> =
                then.past().nodes_by(client).into_iter().map(|node| then.content_of_node(node)).collect();
            for block in blocks {
                let content = wished.content_of_block(*block);
                let as_wished = then.content_of_block(*block) == content;
                if !as_wished && !content.is_some_and(|content| made.contains(&content)) {
                    return Err(format!("block {}:{} is not as at {to}", block.client.get(), block.clock));
                }
            }
            Ok(())
        }
    }
}

impl Past {
    /// Whether anything was ever written under that client id.
    pub(crate) fn has_client(&self, id: ClientId) -> bool {
        self.clients.iter().any(|client| client.id == id)
    }

    /// The shared types that a client wrote.
    fn nodes_by(&self, id: ClientId) -> Vec<u32> {
        let Some(client) = self.clients.iter().find(|client| client.id == id) else { return Vec::new() };
        let nodes = client.runs.iter().filter_map(|run| match self.runs[run as usize].held {
            crate::past::Held::Type(node) => Some(node),
            _ => None,
        });
        nodes.collect()
    }
}
