//! Where a page stands among its siblings: a key between two keys, so that moving one page changes one row.

use fractional_index::FractionalIndex;

/// A place among siblings. Ordered by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(FractionalIndex);

impl Order {
    /// A place behind `before` and in front of `after`. Where siblings stand at one place (two servers put them there at
    /// once) there is none between: then right behind `before`.
    pub(crate) fn between(before: Option<&Self>, after: Option<&Self>) -> Self {
        Self(match (before, after) {
            (None, None) => FractionalIndex::default(),
            (Some(before), None) => FractionalIndex::new_after(&before.0),
            (None, Some(after)) => FractionalIndex::new_before(&after.0),
            (Some(before), Some(after)) => FractionalIndex::new_between(&before.0, &after.0)
                .unwrap_or_else(|| FractionalIndex::new_after(&before.0)),
        })
    }

    /// As text whose order is the order of places.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_string()
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        FractionalIndex::from_string(text).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_place_between_and_its_text_is_in_order_too() {
        let (mut low, mut high) = (Order::between(None, None), Order::between(None, None));
        high = Order::between(Some(&low), None).max(high);
        for turn in 0..2_000 {
            let middle = Order::between(Some(&low), Some(&high));
            assert!(low < middle && middle < high);
            assert!(low.to_text() < middle.to_text() && middle.to_text() < high.to_text());
            assert_eq!(Order::read(&middle.to_text()), Some(middle.clone()));
            if turn % 3 == 0 { low = middle } else { high = middle }
        }
        let first = Order::between(None, Some(&low));
        assert!(first < low && first.to_text() < low.to_text());
    }

    #[test]
    fn two_at_one_place_are_no_obstacle() {
        let place = Order::between(None, None);
        assert!(Order::between(Some(&place), Some(&place)) > place);
        assert_eq!(Order::read("nonsense"), None);
    }
}
