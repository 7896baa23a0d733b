//! One after the other: whoever changes a document by looking at its past first waits for their turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use weft_ids::DocId;

/// Who is at it, by document.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<DocId, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until nobody else is at `doc`; until the guard goes, everybody else waits.
    pub(crate) async fn take(&self, doc: &DocId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = turns.get(doc).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(doc.clone(), Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_another_document_does_not() {
        let turns = Turns::default();
        let (a, b) = (DocId::new("a").unwrap(), DocId::new("b").unwrap());
        let first = turns.take(&a).await;
        drop(turns.take(&b).await);
        let mut second = Box::pin(turns.take(&a));
        assert!(futures_now(second.as_mut()).is_none(), "it is not their turn");
        drop(first);
        drop(second.await);
        drop(turns.take(&b).await);
        assert_eq!(turns.0.lock().unwrap().len(), 1, "turns that are over are forgotten");
    }

    /// What a future gives without waiting.
    fn futures_now<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
