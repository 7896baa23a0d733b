//! The command line: what `weft` can be asked to do, and how a process says how it ended.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand};

use crate::config::{self, ConfigError, Given, SETTINGS, Settings};
use crate::errand::user::UserCommand;

/// How a process ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    /// It could not be done, and stderr says why; or what was looked at is damaged.
    Failed = 1,
    /// The command line, the environment, `weft.toml` or a file that they name is wrong.
    Usage = 2,
    /// The data directory cannot be used: not writable, in use, damaged, or written by a newer Weft.
    Data = 3,
    /// The listen address cannot be used.
    Address = 4,
}

const EXIT_CODES: &str = "Exit codes:
  0  done (for serve: stopped as asked, everything stored)
  1  failed, or weft check found damage; the last lines say what
  2  the command line, a WEFT_ variable, weft.toml or a file that they name is wrong
  3  the data directory cannot be used: not writable, in use, damaged, or from a newer Weft
  4  the listen address cannot be used";

const SERVE_HELP: &str = "Settings come from these flags, from WEFT_* variables and from weft.toml, in this order: \
a flag wins over a variable, a variable over the file. The file is the one --config (or WEFT_CONFIG) names, \
else weft.toml in the current folder if there is one.";

/// A collaborative document server and team wiki in one program.
#[derive(Debug, Parser)]
#[command(name = "weft", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
#[command(
    long_about = "A collaborative document server and team wiki in one program.\n\nWithout a command, weft serves."
)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves documents until it is told to stop (Ctrl-C or SIGTERM).
    #[command(after_help = EXIT_CODES, long_about = format!("Serves documents until it is told to stop (Ctrl-C or SIGTERM).\n\n{SERVE_HELP}"))]
    Serve(SettingFlags),
    /// Verifies every stored record and names what is damaged.
    #[command(after_help = EXIT_CODES, long_about = "Verifies every stored record and names what is damaged.\n\n\
        Reads the whole store and changes nothing. Stop the server first: a store belongs to one process.")]
    Check(SettingFlags),
    /// Packs old records densely and gives back the space that the store does not need.
    #[command(after_help = EXIT_CODES, long_about = "Packs old records densely and gives back the space that the \
        store does not need.\n\n\
        Nothing is dropped, unless history_keep_days says so: then it first drops what is older than that, but for \
        the versions that people named. The store is copied into a fresh one, which \
        is verified before it takes the old one's place, so the disk must hold both for a while; whatever interrupts \
        it leaves the store as it was. Stop the server first: a store belongs to one process.")]
    Compact(SettingFlags),
    /// Erases something that was written by mistake from a document's history, for good.
    #[command(after_help = EXIT_CODES, long_about = "Erases something that was written by mistake from a document's \
        history, for good.\n\n\
        Say which text, wherever it could ever be read in the document, or which changes, as the history numbers them. \
        Everything else stays, with its author and its time, and the history says that something was erased. The store \
        is written anew without it, and the old files are removed; whatever interrupts that leaves the store as it \
        was. It shows what would go and asks first. Stop the server before: a store belongs to one process.")]
    Erase {
        #[command(flatten)]
        asked: EraseArgs,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Writes all documents with their history into one file, while the server runs or not.
    #[command(after_help = EXIT_CODES, long_about = "Writes all documents with their whole history into one file.\n\n\
        While a server runs on the data directory the backup goes through it, and edits go on meanwhile; else the \
        store is opened directly. The file appears under its name only when it is complete and verified. \
        `weft restore` reads it.")]
    Backup {
        /// The file to write.
        file: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Fills an empty data directory from a backup.
    #[command(after_help = EXIT_CODES, long_about = "Fills an empty data directory from a backup file.\n\n\
        The backup is verified before anything is written. A data directory that already holds documents is \
        refused, unless --replace moves it aside first. Stop the server before you restore.")]
    Restore {
        /// The backup to read.
        file: PathBuf,
        /// Move the present data directory aside, to <data>.old-<time>, and restore into a new one.
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Adds people, lists them, gives them links to new passwords, keeps them out.
    #[command(after_help = EXIT_CODES, long_about = "Adds people, lists them, gives them links to new passwords, \
        keeps them out.\n\n\
        While a server runs on the data directory it is asked, and what changes holds at once; else the store is \
        opened directly.")]
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Prints which Weft this is.
    Version,
    /// Prints server/example.toml (for `cargo xtask codegen`).
    #[command(hide = true)]
    ExampleConfig,
    /// Prints server/openapi.json (for `cargo xtask codegen`).
    #[command(hide = true)]
    Openapi,
}

/// What `weft erase` is asked.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The document's name; of a page it is page/<id>.
    pub(crate) document: String,
    /// The text to erase. With `-` it is the first line of standard input, so that it stands in no shell's history.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["from", "to"], required_unless_present = "from")]
    pub(crate) text: Option<String>,
    /// The first change whose content is to be erased.
    #[arg(long, value_name = "CHANGE")]
    pub(crate) from: Option<u64>,
    /// The last one; the first one unless said.
    #[arg(long, value_name = "CHANGE", requires = "from")]
    pub(crate) to: Option<u64>,
    /// Why, for those who read the history.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Delete the automatic backups, which still hold it.
    #[arg(long)]
    pub(crate) delete_backups: bool,
}

/// The settings given as flags: one flag per entry of [`SETTINGS`], and `--config`.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingFlags {
    config: Option<PathBuf>,
    given: Vec<Given>,
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one::<PathBuf>("config").cloned();
        self.given = SETTINGS
            .iter()
            .filter_map(|setting| {
                let value = matches.get_one::<String>(setting.key)?;
                Some((setting.key.to_owned(), value.clone()))
            })
            .collect();
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("The settings file, instead of weft.toml in the current folder. [variable: WEFT_CONFIG]");
        SETTINGS.iter().fold(command.arg(config), |command, setting| {
            let default = if setting.default.is_empty() { "none" } else { setting.default };
            let help = format!("{} [default: {default}]", setting.doc[0].trim());
            let mut arg = Arg::new(setting.key)
                .long(setting.flag())
                .value_name(setting.shape)
                .help(help)
                .next_line_help(true);
            if setting.switch {
                arg = arg.num_args(0..=1).require_equals(true).default_missing_value("true");
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl SettingFlags {
    /// The settings from all their sources, as this process finds them.
    pub(crate) fn load(&self) -> Result<Settings, ConfigError> {
        let variables: Vec<Given> = std::env::vars_os()
            .filter(|(name, _)| name.to_string_lossy().starts_with("WEFT_"))
            .map(|(name, value)| (text(&name), text(&value)))
            .collect();
        let named = self.config.clone().or_else(|| std::env::var_os("WEFT_CONFIG").map(PathBuf::from));
        let file = match &named {
            Some(path) => Some((path.as_path(), read(path)?)),
            None => {
                let path = Path::new("weft.toml");
                path.exists().then(|| read(path)).transpose()?.map(|text| (path, text))
            }
        };
        config::load(&self.given, &variables, file.as_ref().map(|(path, text)| (*path, text.as_str())))
    }
}

/// A value that is not UTF-8 becomes one that no setting accepts, so that it is named and refused.
fn text(value: &OsString) -> String {
    value.to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|error| ConfigError::File { file: path.to_owned(), reason: error.to_string() })
}

/// Prints a line on standard output, for the person or script that called.
///
/// # Errors
/// If standard output is closed.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    // In one piece: whoever reads what the server says sees all of it at once.
    let text = format!("{line}\n");
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output cannot be written")
}

/// Prints a line on standard error. If even that fails there is nobody to tell.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_setting_is_a_flag() {
        Cli::command().debug_assert();
        let help = Cli::command().render_long_help().to_string();
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.key);
        }
    }

    #[test]
    fn without_a_command_weft_serves_with_the_flags_it_got() {
        let cli = Cli::try_parse_from(["weft", "--open", "--listen", "localhost:1"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(
            cli.settings.given,
            [("listen".to_owned(), "localhost:1".to_owned()), ("open".to_owned(), "true".to_owned())]
        );
        let cli = Cli::try_parse_from(["weft", "serve", "--open=false", "--config", "x.toml"]).unwrap();
        let Some(Command::Serve(flags)) = cli.command else { panic!("serve") };
        assert_eq!(flags.given, [("open".to_owned(), "false".to_owned())]);
        assert_eq!(flags.config, Some(PathBuf::from("x.toml")));
    }

    #[test]
    fn an_unknown_flag_and_a_missing_settings_file_are_refused() {
        assert!(Cli::try_parse_from(["weft", "serve", "--colour"]).is_err());
        let flags = SettingFlags { config: Some("/nowhere/weft.toml".into()), given: Vec::new() };
        assert!(flags.load().unwrap_err().to_string().starts_with("/nowhere/weft.toml: "));
    }
}
