//! What the command line asks for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::session::Dialect;

/// Shown by `--help`.
pub(crate) const HELP: &str = "\
Measures a collaboration server beside a bare relay, over real sockets.

weft-bench [OPTIONS]
weft-bench relay --listen ADDR:PORT      only the relay

  --server PROGRAM     the server to start and measure (default: `weft` beside this program)
  --against URL        measure a server that runs already, e.g. ws://127.0.0.1:1234/ws: room names are appended
                       (y-websocket) or stand in the frames (hocuspocus); what needs its process is skipped
  --dialect NAME       y-websocket (default) or hocuspocus
  --only NAME          only scenarios whose name contains NAME; may be repeated
  --seconds N          how long a load is measured, each time (default 8)
  --in-flight N        at saturation, how many updates each writer may have under way (default 16)
  --rounds N           how often server and relay take turns (default 3); medians are shown
  --quick              one round of 3 seconds, smaller counts
  --trace FILE         the writing session for the large document
                       (default ../shared/traces/automerge-paper.json.gz; made up when absent)
  --folder DIR         where servers keep data and logs while they are measured (default target/bench-run; emptied)
  --json FILE          also write everything as JSON

Scenarios: busy-room-typing, big-room-typing, many-rooms-typing, busy-room-saturation, big-room-saturation,
many-rooms-saturation, busy-room-flood, open, memory, commit, history, browser, wiki.

Ends with 1 when an update was lost or skipped, or a scenario could not be measured; missed goals are only shown.
";

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A program that is started and stopped as needed.
    Program(PathBuf),
    /// A server that runs already.
    Url(String),
}

/// A measuring run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) subject: Subject,
    pub(crate) dialect: Dialect,
    pub(crate) only: Vec<String>,
    pub(crate) seconds: u64,
    pub(crate) in_flight: u64,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) trace: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) json: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Relay { listen: String },
    Measure(Options),
    Help,
}

/// Reads the arguments, the program's own name left out.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command> {
    let mut arguments = arguments.into_iter().peekable();
    let relay = arguments.next_if(|first| first == "relay").is_some();
    let mut options = Options {
        subject: Subject::Program(beside_us("weft")),
        dialect: Dialect::YWebsocket,
        only: Vec::new(),
        seconds: 8,
        in_flight: 16,
        rounds: 3,
        quick: false,
        trace: "../shared/traces/automerge-paper.json.gz".into(),
        folder: "target/bench-run".into(),
        json: None,
    };
    let mut listen = None;
    let (mut seconds, mut rounds) = (None, None);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{name} needs a value"));
        match name.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--listen" if relay => listen = Some(value()?),
            _ if relay => bail!("the relay does not know {name}"),
            "--server" => options.subject = Subject::Program(value()?.into()),
            "--against" => options.subject = Subject::Url(value()?),
            "--dialect" => options.dialect = dialect(&value()?)?,
            "--only" => options.only.push(value()?),
            "--seconds" => seconds = Some(positive(&name, &value()?)?),
            "--in-flight" => options.in_flight = positive(&name, &value()?)?,
            "--rounds" => rounds = Some(positive(&name, &value()?)?),
            "--quick" => options.quick = true,
            "--trace" => options.trace = value()?.into(),
            "--folder" => options.folder = value()?.into(),
            "--json" => options.json = Some(value()?.into()),
            _ => bail!("unknown option {name}; --help lists them"),
        }
    }
    if relay {
        return Ok(Command::Relay { listen: listen.context("the relay needs --listen ADDR:PORT")? });
    }
    options.seconds = seconds.unwrap_or(if options.quick { 3 } else { options.seconds });
    options.rounds = rounds.map_or(if options.quick { 1 } else { options.rounds }, |rounds| rounds as usize);
    Ok(Command::Measure(options))
}

fn dialect(name: &str) -> Result<Dialect> {
    match name {
        "y-websocket" => Ok(Dialect::YWebsocket),
        "hocuspocus" => Ok(Dialect::Hocuspocus),
        _ => bail!("--dialect is y-websocket or hocuspocus, not {name}"),
    }
}

fn positive(name: &str, value: &str) -> Result<u64> {
    let number = value.parse().with_context(|| format!("{name} needs a number, not {value}"))?;
    ensure!((1..=3600).contains(&number), "{name} lies between 1 and 3600");
    Ok(number)
}

fn beside_us(name: &str) -> PathBuf {
    std::env::current_exe().unwrap_or_default().with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn options(line: &str) -> Options {
        match parsed(line).unwrap() {
            Command::Measure(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn quick_is_one_short_round_unless_told_otherwise() {
        assert_eq!((options("").seconds, options("").rounds), (8, 3));
        assert_eq!((options("--quick").seconds, options("--quick").rounds), (3, 1));
        assert_eq!((options("--seconds 5 --quick").seconds, options("--quick --rounds 2").rounds), (5, 2));
    }

    #[test]
    fn another_server_is_named_by_its_url_and_dialect() {
        let options = options("--against ws://h:1/x --dialect hocuspocus --only open --only commit");
        assert_eq!(options.subject, Subject::Url("ws://h:1/x".into()));
        assert_eq!((options.dialect, options.only.len()), (Dialect::Hocuspocus, 2));
        assert_eq!(parsed("relay --listen a:1").unwrap(), Command::Relay { listen: "a:1".into() });
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in [
            "--sekonds 3",
            "--seconds",
            "--seconds 0",
            "--seconds 3601",
            "--dialect x",
            "relay",
            "relay --quick",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
