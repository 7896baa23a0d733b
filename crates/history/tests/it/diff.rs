//! A difference holds both moments, and nothing that neither has.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use weft_history::past::Wish;
use weft_ids::{ClientId, Seq};
use weft_store::RecordKind;

use crate::world::{World, plan, without_ids};

/// The later moment (or the earlier one, of what is no block), as the difference tells it.
fn side(node: &Value, gone: &str) -> Option<Value> {
    let kind = |node: &Value| node["change"]["kind"].as_str().map(str::to_owned);
    if kind(node).as_deref() == Some(gone) {
        return None;
    }
    let all = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().filter_map(|child| side(child, gone)).collect()
    };
    Some(match node["type"].as_str().unwrap() {
        "fragment" => json!({"type": "fragment", "children": all(&node["children"])}),
        "array" => json!({"type": "array", "items": all(&node["items"])}),
        "element" => json!({
            "type": "element", "name": node["name"], "attrs": node["attrs"], "children": all(&node["children"])
        }),
        "map" => {
            let entries = node["entries"].as_object().unwrap().iter();
            let entries = entries.filter_map(|(key, value)| Some((key.clone(), side(value, gone)?)));
            json!({"type": "map", "entries": entries.collect::<serde_json::Map<_, _>>()})
        }
        "text" => {
            let mut delta: Vec<Value> = Vec::new();
            for part in node["parts"].as_array().unwrap() {
                if kind(part).as_deref() == Some(gone) {
                    continue;
                }
                let attributes = if gone == "added" && !part["before"].is_null() {
                    part["before"]["attributes"].clone()
                } else {
                    part["attributes"].clone()
                };
                let empty = attributes.as_object().is_none_or(serde_json::Map::is_empty);
                let piece = if empty {
                    json!({"insert": part["insert"]})
                } else {
                    json!({"insert": part["insert"], "attributes": attributes})
                };
                match delta.last_mut() {
                    Some(last)
                        if last["insert"].is_string()
                            && piece["insert"].is_string()
                            && last["attributes"] == piece["attributes"] =>
                    {
                        let text = format!(
                            "{}{}",
                            last["insert"].as_str().unwrap(),
                            piece["insert"].as_str().unwrap()
                        );
                        last["insert"] = Value::String(text);
                    }
                    _ => delta.push(piece),
                }
            }
            json!({"type": "text", "delta": delta})
        }
        _ => {
            let mut node = node.clone();
            node.as_object_mut().unwrap().remove("change");
            node.as_object_mut().unwrap().remove("before");
            node
        }
    })
}

fn is_empty(node: &Value) -> bool {
    ["children", "items", "delta"].iter().any(|list| node[list].as_array().is_some_and(Vec::is_empty))
        || node["entries"].as_object().is_some_and(serde_json::Map::is_empty)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            if entries.contains_key("type") {
                entries.remove("id");
            }
            entries.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Every change told anywhere in a difference.
fn changes(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(entries) => {
            if let Some(change) = entries.get("change").filter(|change| change["seq"].is_u64()) {
                found.push(change.clone());
            }
            entries.values().for_each(|value| changes(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| changes(value, found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn without_what_is_gone_it_is_the_later_moment_and_every_change_lies_between(
        plan in plan(60), one in any::<Index>(), other in any::<Index>(),
    ) {
        let mut world = World::run(&plan);
        world.settle();
        let past = world.past();
        let (one, other) = (one.index(world.log.len() + 1) as u64, other.index(world.log.len() + 1) as u64);
        let (from, to) = (one.min(other), one.max(other));
        let mut told = serde_json::to_value(past.difference(Seq(from), Seq(to)).unwrap()).unwrap();
        strip(&mut told);
        let (then, now) = (
            without_ids(&past.moment(Seq(from)).unwrap().tree()),
            without_ids(&past.moment(Seq(to)).unwrap().tree()),
        );
        for root in ["t", "m", "a", "x"] {
            let node = &told["roots"][root];
            let later = Some(node).filter(|node| !node.is_null()).and_then(|node| side(node, "removed"));
            let later = later.filter(|node| !is_empty(node)).unwrap_or(Value::Null);
            prop_assert_eq!(&later, &now["roots"][root], "{} of record {}", root, to);
        }
        let text = Some(&told["roots"]["t"]).filter(|node| !node.is_null()).and_then(|node| side(node, "added"));
        let text = text.filter(|node| !is_empty(node)).unwrap_or(Value::Null);
        prop_assert_eq!(&text, &then["roots"]["t"], "the text of record {}", from);

        let mut found = Vec::new();
        changes(&told["roots"], &mut found);
        for change in &found {
            let seq = change["seq"].as_u64().unwrap();
            prop_assert!(from < seq && seq <= to, "{change} is not after {from} and up to {to}");
            let deed = past.deed(Seq(seq)).unwrap();
            prop_assert_eq!(change["by"].as_str().unwrap(), &past.writers()[deed.writer as usize].key);
            prop_assert_eq!(change["at"].as_u64().unwrap(), deed.time.0);
        }
        prop_assert_eq!(found.is_empty(), then == now, "changes are told if there are any");
    }

    #[test]
    fn what_a_restore_made_anew_is_no_difference(plan in plan(50), to in any::<Index>()) {
        let mut world = World::run(&plan);
        let to = to.index(world.log.len() + 1) as u64;
        let way = world.past().way_back(&Wish::Whole { to: Seq(to) }, ClientId::new(1_000).unwrap()).unwrap();
        if let Some(way) = way {
            world.append("restorer", RecordKind::Restore, way.update.bytes());
        }
        let past = world.past();
        let told = serde_json::to_value(past.difference(Seq(to), past.head()).unwrap()).unwrap();
        let mut found = Vec::new();
        changes(&told["roots"], &mut found);
        found.retain(|change| change["kind"] != "moved");
        prop_assert!(found.is_empty(), "{found:?}");
        prop_assert_eq!((told["summary"]["added"].clone(), told["summary"]["removed"].clone()), (json!(0), json!(0)));
    }
}
