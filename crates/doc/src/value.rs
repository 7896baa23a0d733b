//! Plain values in their binary form ("Any" of lib0) as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};
use yrs::Any;
use yrs::encoding::read::Cursor;

/// The values written one behind the other in `bytes`, as JSON, up to the first that cannot be read. Bytes become
/// base64, what JSON has no word for (undefined, NaN) becomes null, keys are in the order of their names.
///
/// `bytes` must have passed the scanner, which bounds their nesting.
#[must_use]
pub fn values(bytes: &[u8]) -> Vec<Value> {
    let mut cursor = Cursor::new(bytes);
    let mut values = Vec::new();
    while cursor.has_content() {
        match Any::decode(&mut cursor) {
            Ok(any) => values.push(json(&any)),
            Err(_) => break,
        }
    }
    values
}

fn json(any: &Any) -> Value {
    match any {
        Any::Null | Any::Undefined => Value::Null,
        Any::Bool(bool) => Value::Bool(*bool),
        Any::Number(number) => match number.as_i64() {
            Some(whole) => Value::Number(whole.into()),
            None => number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        },
        Any::String(text) => Value::String(text.to_string()),
        Any::Buffer(bytes) => Value::String(STANDARD.encode(bytes)),
        Any::Array(values) => Value::Array(values.iter().map(json).collect()),
        Any::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| key.as_str());
            Value::Object(
                sorted.into_iter().map(|(key, value)| (key.clone(), json(value))).collect::<Map<_, _>>(),
            )
        }
    }
}
