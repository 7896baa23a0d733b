//! What is going to happen: a list that a seed makes, a failure prints, and a file keeps.

use std::fmt;
use std::str::FromStr;

use weft_wire::Dialect;

use crate::client::Role;
use crate::dice::Dice;

macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("unknown word {word:?}")),
                }
            }
        }
    };
}

words! {
    /// What happens in a step.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum What {
        /// A client changes its document; `n` says how.
        Edit = "edit",
        /// A client opens a socket.
        Connect = "connect",
        /// A socket is lost; `n` of the frames on their way to the server still arrive.
        Cut = "cut",
        /// A socket is lost and the server does not notice.
        Hang = "hang",
        /// The server notices that the client's old sockets are dead.
        Reap = "reap",
        /// `n` frames of a client arrive.
        Up = "up",
        /// The room takes a turn with `n` events.
        Turn = "turn",
        /// A client takes what waits for it, and reads `n` frames.
        Down = "down",
        /// The batch on its way to the disk is durable.
        Disk = "disk",
        /// The append fails; with an odd `n` only its answer was lost.
        Fail = "fail",
        /// The server dies; with an odd `n` the batch on its way was stored.
        Crash = "crash",
        /// The room closes if nobody is in it.
        Evict = "evict",
        /// A checkpoint is cut.
        Checkpoint = "checkpoint",
        /// `n` ms pass.
        Time = "time",
        /// A client sends an update again that it has sent before, the `n`-th last.
        Resend = "resend",
        /// A client sends another SyncStep1.
        Resync = "resync",
        /// A client writes under the client id of the `n`-th client.
        Forge = "forge",
        /// A reader tries to write.
        Smuggle = "smuggle",
        /// A client changes, starts or ends its presence.
        Presence = "presence",
        /// An update comes over HTTP.
        Submit = "submit",
        /// A client disappears for good.
        Die = "die",
        /// Everyone connects, everything arrives, and all that is promised is checked.
        Calm = "calm",
    }
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// What happens.
    pub what: What,
    /// To which client, if it is about one.
    pub who: usize,
    /// A number more.
    pub n: u32,
}

/// A whole history to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Bytes of updates that wait for one session.
    pub outbox_bytes_max: usize,
    /// Who takes part.
    pub roles: Vec<Role>,
    /// What happens, in order.
    pub ops: Vec<Op>,
}

/// How often each thing happens, out of the sum.
const ODDS: &[(What, u32)] = &[
    (What::Edit, 170),
    (What::Up, 150),
    (What::Turn, 150),
    (What::Down, 150),
    (What::Disk, 90),
    (What::Connect, 60),
    (What::Cut, 18),
    (What::Hang, 10),
    (What::Reap, 8),
    (What::Fail, 12),
    (What::Crash, 6),
    (What::Evict, 6),
    (What::Checkpoint, 6),
    (What::Time, 30),
    (What::Resend, 12),
    (What::Resync, 10),
    (What::Forge, 8),
    (What::Smuggle, 6),
    (What::Presence, 20),
    (What::Submit, 6),
    (What::Die, 1),
    (What::Calm, 2),
];

impl Plan {
    /// The plan of a seed, about `steps` long.
    #[must_use]
    pub fn of(seed: u64, steps: usize) -> Self {
        let mut dice = Dice::new(seed);
        let roles: Vec<Role> = (0..2 + dice.below(5))
            .map(|number| Role {
                dialect: if dice.chance(50) { Dialect::Hocuspocus } else { Dialect::YWebsocket },
                writes: number == 0 || !dice.chance(15),
            })
            .collect();
        // What a crash took and only a reader still has is nobody's to restore, unless who wrote it comes back.
        let writers_only = roles.iter().all(|role| role.writes);
        let deaths = writers_only && dice.chance(30);
        let outbox_bytes_max = if dice.chance(60) { 60 + dice.below(400) as usize } else { 1 << 20 };
        // Some worlds hurry, in others everything lags behind.
        let hurry = dice.below(4);
        let sum: u32 = ODDS.iter().map(|(_, odds)| odds).sum();
        let clients = roles.len() as u32;
        let mut op = || {
            let mut at = dice.below(sum);
            let what = ODDS.iter().find(|(_, odds)| {
                let here = at < *odds;
                at = at.wrapping_sub(*odds);
                here
            });
            let what = what.map_or(What::Edit, |(what, _)| *what);
            let n = match what {
                What::Up | What::Down | What::Turn => 1 + dice.below(2 + 4 * hurry),
                What::Cut => dice.below(4),
                What::Resend => dice.below(6),
                What::Time => [1, 50, 400, 1_500, 6_000, 16_000, 40_000][dice.below(7) as usize],
                What::Forge => dice.below(clients),
                _ => (dice.roll() >> 40) as u32,
            };
            Op { what, who: dice.below(clients) as usize, n }
        };
        let ops = (0..steps).map(|_| op());
        let ops = ops.filter(|op| match op.what {
            What::Die => deaths,
            What::Submit => writers_only,
            _ => true,
        });
        Self { outbox_bytes_max, roles, ops: ops.collect() }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "outbox {}", self.outbox_bytes_max)?;
        for role in &self.roles {
            let dialect = match role.dialect {
                Dialect::Hocuspocus => "hocuspocus",
                Dialect::YWebsocket => "y-websocket",
            };
            writeln!(f, "client {dialect} {}", if role.writes { "writer" } else { "reader" })?;
        }
        for op in &self.ops {
            writeln!(f, "{} {} {}", op.what.word(), op.who, op.n)?;
        }
        Ok(())
    }
}

impl FromStr for Plan {
    type Err = String;

    /// Reads what `Display` writes. Empty lines, and what follows a `#`, are for people.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut plan = Self { outbox_bytes_max: 1 << 20, roles: Vec::new(), ops: Vec::new() };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |word: &str| word.parse::<u32>().map_err(|error| format!("{line:?}: {error}"));
            match words[..] {
                [] => {}
                ["outbox", bytes] => plan.outbox_bytes_max = number(bytes)? as usize,
                ["client", dialect, role] => plan.roles.push(Role {
                    dialect: match dialect {
                        "hocuspocus" => Dialect::Hocuspocus,
                        "y-websocket" => Dialect::YWebsocket,
                        _ => return Err(format!("unknown dialect {dialect:?}")),
                    },
                    writes: role == "writer",
                }),
                [what, who, n] => {
                    plan.ops.push(Op { what: what.parse()?, who: number(who)? as usize, n: number(n)? });
                }
                _ => return Err(format!("not a step: {line:?}")),
            }
        }
        if plan.ops.iter().any(|op| op.who >= plan.roles.len()) {
            return Err("a step of a client that is not there".into());
        }
        Ok(plan)
    }
}
