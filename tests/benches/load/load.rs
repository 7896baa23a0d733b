//! Many sessions in many rooms, some of whom type: one run against one server.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rand::{Rng, RngExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

use crate::credit::{Coverage, Covered, Ledger};
use crate::latency::Histogram;
use crate::process;
use crate::say;
use crate::session::{self, Dialect, Opened, Said, Session, Target};
use crate::socket::Reader;
use crate::typist::Typist;
use crate::update;

/// How many sockets are opened at the same time.
const OPENING_MAX: usize = 32;

/// How long a server may deliver nothing, after the last update was sent, before what is missing counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How fast people type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Keys per second of each writer, at slightly irregular moments.
    Keys(f64),
    /// As fast as the updates arrive: at most `window` of a writer's updates are under way.
    Saturation { window: u64 },
}

/// Who is where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rooms: usize,
    /// Sessions in each room.
    pub(crate) sessions: usize,
    /// How many of a room's sessions write.
    pub(crate) writers: usize,
    pub(crate) pace: Pace,
}

/// How long a run takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What one run found.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// (receiver, update) pairs a second.
    pub(crate) delivered_per_s: f64,
    /// Sender to receiver, for every such pair.
    pub(crate) latency: Histogram,
    /// The server's share of a core while measured, when its process is known.
    pub(crate) server_cpu: Option<f64>,
    /// The generator's own share of a core.
    pub(crate) generator_cpu: f64,
    /// Updates sent.
    pub(crate) sent: u64,
    /// (receiver, update) pairs that never arrived.
    pub(crate) lost: u64,
    /// Frames that arrived with something missing before them.
    pub(crate) gaps: u64,
    /// How often the server fell back to sending a session one difference.
    pub(crate) resyncs: u64,
    /// How often the server asked a session for edits that it had been sent already.
    pub(crate) asked_again: u64,
}

impl Outcome {
    /// What the server would deliver with a core to itself: of use where others keep the machine busy.
    pub(crate) fn delivered_per_cpu_s(&self) -> Option<f64> {
        self.server_cpu.filter(|cpu| *cpu > 0.0).map(|cpu| self.delivered_per_s / cpu)
    }
}

/// What all sessions of a run share.
struct World {
    ledger: RefCell<Ledger>,
    begun: Instant,
    window: Option<u64>,
    /// One per writer: more may be sent.
    wake: RefCell<Vec<Rc<Notify>>>,
    resyncs: RefCell<u64>,
    asked_again: RefCell<u64>,
    failure: RefCell<Option<anyhow::Error>>,
    stopped: RefCell<bool>,
}

impl World {
    fn now(&self) -> u32 {
        self.begun.elapsed().as_micros() as u32
    }
}

/// The writers of one room, in the order in which every session's coverage lists them.
struct Room {
    writers: Vec<RoomWriter>,
}

struct RoomWriter {
    client: u64,
    /// Its number in the ledger.
    number: usize,
    typist: RefCell<Typist>,
}

/// Opens everything, types, and waits until all has arrived. `nonce` keeps the rooms of one run apart from all others.
pub(crate) async fn run(
    target: &Target,
    shape: Shape,
    timing: Timing,
    server: Option<u32>,
    nonce: &str,
) -> Result<Outcome> {
    let opened = open_all(target, shape, nonce).await?;
    let window = match shape.pace {
        Pace::Keys(_) => None,
        Pace::Saturation { window } => Some(window),
    };
    let world = Rc::new(World {
        ledger: RefCell::default(),
        begun: Instant::now(),
        window,
        wake: RefCell::default(),
        resyncs: RefCell::default(),
        asked_again: RefCell::default(),
        failure: RefCell::default(),
        stopped: RefCell::new(false),
    });
    let (tasks, coverages, rooms) = settle(opened, target.dialect, shape, &world);
    let measured = measure(&world, timing, server).await;
    *world.stopped.borrow_mut() = true;
    world.wake.borrow().iter().for_each(|wake| wake.notify_one());
    drain(&world).await;
    tasks.iter().for_each(JoinHandle::abort);
    if let Some(failure) = world.failure.borrow_mut().take() {
        return Err(failure);
    }
    let ledger = world.ledger.take();
    // The ledger's sum and the receivers' own books must agree, or the counting is wrong.
    let missing: u64 = coverages.iter().map(|held| held.missing(&rooms, &ledger)).sum();
    ensure!(missing == ledger.missing(), "the books do not agree: {missing} and {}", ledger.missing());
    let (delivered_per_s, server_cpu, generator_cpu) = measured?;
    Ok(Outcome {
        delivered_per_s,
        latency: ledger.latency().clone(),
        server_cpu,
        generator_cpu,
        sent: ledger.sent_total(),
        lost: missing,
        gaps: ledger.gaps(),
        resyncs: world.resyncs.take(),
        asked_again: world.asked_again.take(),
    })
}

/// Opens every session of every room, a few at a time; the sessions of a room stand together.
async fn open_all(target: &Target, shape: Shape, nonce: &str) -> Result<Vec<Opened>> {
    let total = shape.rooms * shape.sessions;
    let mut opened: Vec<Option<Opened>> = (0..total).map(|_| None).collect();
    let mut opening = FuturesUnordered::new();
    let mut next = 0;
    loop {
        while next < total && opening.len() < OPENING_MAX {
            let (room, index) = (format!("bench-{nonce}-{}", next / shape.sessions), next);
            opening.push(async move { (index, session::open(target, &room).await) });
            next += 1;
        }
        let Some((index, session)) = opening.next().await else { break };
        opened[index] = Some(session?);
    }
    Ok(opened.into_iter().flatten().collect())
}

/// A receiver's books, kept to be compared with the ledger at the end.
struct Receiver {
    room: usize,
    me: Option<usize>,
    coverage: Rc<RefCell<Coverage>>,
}

impl Receiver {
    fn missing(&self, rooms: &[Rc<Room>], ledger: &Ledger) -> u64 {
        let coverage = self.coverage.borrow();
        let writers = rooms[self.room].writers.iter().enumerate();
        let others = writers.filter(|(place, _)| Some(*place) != self.me);
        others.map(|(place, writer)| u64::from(ledger.sent_by(writer.number) - coverage.end(place))).sum()
    }
}

type Settled = (Vec<JoinHandle<()>>, Vec<Receiver>, Vec<Rc<Room>>);

/// Starts a reading task for every session and a typing task for every writer.
fn settle(opened: Vec<Opened>, dialect: Dialect, shape: Shape, world: &Rc<World>) -> Settled {
    let mut rng = rand::rng();
    let (mut tasks, mut receivers, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
    let mut opened = opened.into_iter();
    for number in 0..shape.rooms {
        let room = Rc::new(Room {
            writers: (0..shape.writers)
                .map(|_| {
                    let client = u64::from(rng.next_u32());
                    let others = shape.sessions as u32 - 1;
                    let number = world.ledger.borrow_mut().add_writer(others);
                    world.wake.borrow_mut().push(Rc::default());
                    RoomWriter { client, number, typist: RefCell::new(Typist::new(client)) }
                })
                .collect(),
        });
        for (place, Opened { session, reader, .. }) in opened.by_ref().take(shape.sessions).enumerate() {
            let me = (place < shape.writers).then_some(place);
            let coverage = Rc::new(RefCell::new(Coverage::new(shape.writers)));
            receivers.push(Receiver { room: number, me, coverage: Rc::clone(&coverage) });
            let ear = Ear { session: session.clone(), dialect, room: Rc::clone(&room), me, coverage };
            tasks.push(tokio::task::spawn_local(listen(reader, ear, Rc::clone(world))));
            if let Some(me) = me {
                let typing = type_away(session, Rc::clone(&room), me, shape.pace, Rc::clone(world));
                tasks.push(tokio::task::spawn_local(typing));
            }
        }
        rooms.push(room);
    }
    (tasks, receivers, rooms)
}

/// What a session needs to make sense of what it hears.
struct Ear {
    session: Session,
    dialect: Dialect,
    room: Rc<Room>,
    /// Which of the room's writers this session is.
    me: Option<usize>,
    coverage: Rc<RefCell<Coverage>>,
}

/// Reads one session until the run ends; a broken session fails the run.
async fn listen(mut reader: Reader, ear: Ear, world: Rc<World>) {
    loop {
        let mut now = None;
        let outcome = reader
            .read(|frame| {
                let now = *now.get_or_insert_with(|| world.now());
                match ear.session.hear(ear.dialect, frame)? {
                    Said::Update(bytes) => ear.receive(bytes, now, &world),
                    Said::Step2(bytes) => {
                        *world.resyncs.borrow_mut() += 1;
                        ear.receive(bytes, now, &world)
                    }
                    Said::Step1(vector) => {
                        ear.send_again(vector, &world);
                        Ok(())
                    }
                    Said::Refused => bail!("the server refused an update"),
                    Said::Acknowledged | Said::Other => Ok(()),
                }
            })
            .await;
        let failure = match outcome {
            Ok(true) => continue,
            Ok(false) => anyhow::anyhow!("the server closed a socket"),
            Err(error) => error,
        };
        world.failure.borrow_mut().get_or_insert(failure);
        return;
    }
}

impl Ear {
    /// Credits what an update brought.
    fn receive(&self, bytes: &[u8], now: u32, world: &World) -> Result<()> {
        let mut coverage = self.coverage.borrow_mut();
        let mut ledger = world.ledger.borrow_mut();
        update::spans(bytes, |client, start, end| {
            let Some(place) = self.room.writers.iter().position(|writer| writer.client == client) else {
                return;
            };
            if Some(place) == self.me {
                return;
            }
            let number = self.room.writers[place].number;
            match coverage.cover(place, start, end) {
                Covered::Fresh(fresh) => {
                    ledger.credit(number, fresh, now);
                    // Half a window at a time: a writer that woke for every update would only measure waking.
                    if world.window.is_some_and(|window| ledger.writer(number).in_flight() <= window / 2) {
                        world.wake.borrow()[number].notify_one();
                    }
                }
                Covered::Known => (),
                Covered::Gap => ledger.gap(),
            }
        })
    }

    /// Answers a server that asks for what it lacks.
    fn send_again(&self, vector: &[u8], world: &World) {
        let mut bytes = Vec::new();
        match self.me.map(|me| self.room.writers[me].typist.borrow()) {
            Some(typist) => {
                let from = update::covered(vector, typist.client()).unwrap_or(0);
                typist.update_since(from, &mut bytes);
                let mut asked_again = world.asked_again.borrow_mut();
                *asked_again += 1;
                if *asked_again == 1 {
                    say(&format!("the server asks a writer again, above clock {from} of {}", typist.clock()));
                }
            }
            None => bytes.extend([0, 0]),
        }
        self.session.push_step2(&bytes);
    }
}

/// One writer, until the run stops.
async fn type_away(session: Session, room: Rc<Room>, me: usize, pace: Pace, world: Rc<World>) {
    let writer = &room.writers[me];
    let wake = Rc::clone(&world.wake.borrow()[writer.number]);
    let interval = match pace {
        Pace::Keys(rate) => Duration::from_secs_f64(1.0 / rate),
        Pace::Saturation { .. } => Duration::ZERO,
    };
    let (mut update, mut frames) = (Vec::new(), Vec::new());
    let mut due = tokio::time::Instant::now() + interval.mul_f64(rand::rng().random());
    loop {
        let count = match pace {
            Pace::Keys(_) => {
                sleep_until(due).await;
                due += interval.mul_f64(rand::rng().random_range(0.75..1.25));
                1
            }
            Pace::Saturation { window } => {
                let free = || window.saturating_sub(world.ledger.borrow().writer(writer.number).in_flight());
                while free() < window.div_ceil(2) && !*world.stopped.borrow() {
                    wake.notified().await;
                }
                free()
            }
        };
        if *world.stopped.borrow() || !session.drained().await {
            return;
        }
        frames.clear();
        let now = world.now();
        for _ in 0..count {
            update.clear();
            writer.typist.borrow_mut().update(&mut update);
            session.append_update(&mut frames, &update);
            world.ledger.borrow_mut().sent(writer.number, now);
        }
        session.push(&frames);
    }
}

/// Lets the run go on for its time; returns deliveries a second, the server's and the generator's share of a core.
async fn measure(world: &World, timing: Timing, server: Option<u32>) -> Result<(f64, Option<f64>, f64)> {
    let from = timing.warm_up.as_micros() as u32 + world.now();
    world.ledger.borrow_mut().measure(from..from + timing.measured.as_micros() as u32);
    sleep(timing.warm_up).await;
    let read = || -> Result<_> {
        let cpu = server.map(process::cpu_time).transpose()?;
        Ok((Instant::now(), cpu, process::cpu_time(std::process::id())?, world.ledger.borrow().delivered()))
    };
    let (begun, server_before, own_before, delivered_before) = read()?;
    sleep(timing.measured).await;
    let (ended, server_after, own_after, delivered_after) = read()?;
    let seconds = (ended - begun).as_secs_f64();
    let share = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() / seconds;
    let server_cpu = server_before.zip(server_after).map(|(before, after)| share(before, after));
    Ok(((delivered_after - delivered_before) as f64 / seconds, server_cpu, share(own_before, own_after)))
}

/// Waits until everything sent has arrived, or nothing has for a while.
async fn drain(world: &World) {
    let (mut delivered, mut since) = (0, Instant::now());
    while world.ledger.borrow().missing() > 0 && world.failure.borrow().is_none() {
        let now = world.ledger.borrow().delivered();
        if now != delivered {
            (delivered, since) = (now, Instant::now());
        } else if since.elapsed() > SILENCE_MAX {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay;
    use tokio::net::TcpStream;
    use tokio::task::LocalSet;

    /// Runs a short load against a relay in this very thread.
    fn run_beside_a_relay(shape: Shape) -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let authority = process::free_address().unwrap();
            let listen = authority.clone();
            let relay = tokio::task::spawn_local(async move { relay::serve(&listen).await });
            while TcpStream::connect(&authority).await.is_err() {
                assert!(!relay.is_finished(), "the relay ended");
                tokio::task::yield_now().await;
            }
            let target = Target { authority, path: "/ws".into(), dialect: Dialect::YWebsocket };
            let timing = Timing { warm_up: Duration::from_millis(50), measured: Duration::from_millis(200) };
            run(&target, shape, timing, Some(std::process::id()), "test").await.unwrap()
        })
    }

    #[test]
    fn at_saturation_every_update_reaches_every_other_session_once() {
        let pace = Pace::Saturation { window: 16 };
        let outcome = run_beside_a_relay(Shape { rooms: 3, sessions: 4, writers: 2, pace });
        assert!(outcome.sent > 16 * 6, "only the first window was sent: {}", outcome.sent);
        assert_eq!((outcome.lost, outcome.gaps, outcome.resyncs), (0, 0, 0));
        assert!(outcome.delivered_per_s > 0.0 && outcome.latency.quantile_ms(0.5).is_some());
    }

    #[test]
    fn typists_keep_their_pace() {
        let outcome =
            run_beside_a_relay(Shape { rooms: 2, sessions: 2, writers: 1, pace: Pace::Keys(100.0) });
        // 250 ms at 100 keys/s, give or take a busy machine.
        assert!((10..=60).contains(&outcome.sent), "{} keys", outcome.sent);
        assert_eq!(outcome.lost, 0);
    }
}
