//! How whoever has something to look at tells the one task that looks.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};

use futures_util::task::AtomicWaker;

/// Rings when there is something to look at, until it is looked at. One task listens.
///
/// As a waker it tells that task which of the things it waits for has woken it, so that it need not look at all of them.
#[derive(Debug, Default)]
pub struct Bell {
    rings: AtomicBool,
    listener: AtomicWaker,
}

impl Bell {
    /// Wakes who listens, unless it rings already.
    pub fn ring(&self) {
        if !self.rings.swap(true, Ordering::AcqRel) {
            self.listener.wake();
        }
    }

    /// Ready if it rang since the last time; else `cx` is woken when it rings.
    pub fn poll_rung(&self, cx: &Context<'_>) -> Poll<()> {
        // First who is to be woken, then the look: whoever rings in between is not missed.
        self.listener.register(cx.waker());
        if self.rings.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Resolves when it rings, or rang since the last time.
    pub async fn rung(&self) {
        poll_fn(|cx| self.poll_rung(cx)).await;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicU32;
    use std::task::Waker;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn it_wakes_once_however_often_it_rings_and_is_heard_once() {
        let (bell, woken) = (Arc::<Bell>::default(), Arc::<Woken>::default());
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(bell.poll_rung(&cx).is_pending());
        bell.ring();
        Waker::from(bell.clone()).wake_by_ref();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(bell.poll_rung(&cx).is_ready());
        assert!(pin!(bell.rung()).as_mut().poll(&mut cx).is_pending());
        bell.ring();
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_ring_that_nobody_waited_for_is_heard_by_who_comes_next() {
        let bell = Bell::default();
        bell.ring();
        assert!(bell.poll_rung(&Context::from_waker(Waker::noop())).is_ready());
    }

    #[test]
    fn no_ring_is_lost_between_two_threads() {
        let (there, back) = (Arc::<Bell>::default(), Arc::<Bell>::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answering = std::thread::spawn({
            let (there, back) = (there.clone(), back.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for _ in 0..20_000 {
                    runtime.block_on(there.rung());
                    back.ring();
                }
            }
        });
        for _ in 0..20_000 {
            there.ring();
            runtime.block_on(back.rung());
        }
        answering.join().unwrap();
    }
}
