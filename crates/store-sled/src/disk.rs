use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::Path;

/// What makes bytes durable. There is one for real disks; tests bring their own that count, fail or forget.
pub trait Disk: Send + Sync + Debug {
    /// Returns when everything written to the database file so far would survive a power cut.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&self, database: &File, path: &Path) -> io::Result<()>;

    /// How many bytes may still be written in `dir`.
    ///
    /// # Errors
    /// What the system says.
    fn free(&self, dir: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(dir)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// The operating system's own sync.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn sync(&self, database: &File, _path: &Path) -> io::Result<()> {
        database.sync_data()
    }
}
