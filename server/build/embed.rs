//! Makes the table of embedded files: each with its type, its hash, and its compressed forms.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes `<out>/web_files.rs`, an expression: a slice of `File` (see `src/web.rs`), sorted by path.
pub(crate) fn embed(dist: &Path, out: &Path) -> io::Result<()> {
    let mut paths = Vec::new();
    collect(dist, &mut paths)?;
    paths.sort();
    let packed = out.join("web_packed");
    if packed.exists() {
        fs::remove_dir_all(&packed)?;
    }
    fs::create_dir_all(&packed)?;
    // Debug builds are made often and read by nobody over a slow line.
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut table = String::from("&[\n");
    for (number, path) in paths.iter().enumerate() {
        let name = path.strip_prefix(dist).map_err(io::Error::other)?;
        let name =
            name.to_str().ok_or_else(|| io::Error::other("a file name is not UTF-8"))?.replace('\\', "/");
        let plain = fs::read(path)?;
        let hash = &blake3::hash(&plain).to_hex()[..24];
        let forms = [("brotli", brotli(&plain, release)?), ("gzip", gzip(&plain, release)?)];
        let _ = write!(table, "    File {{ path: {name:?}, hash: {hash:?}, kind: {:?}", kind(&name));
        let mut kept = false;
        for (form, bytes) in forms {
            // A form that saves little costs more in the binary than on the wire.
            let value = if bytes.len() + plain.len() / 32 < plain.len() {
                kept |= form == "gzip";
                let file = packed.join(format!("{number}.{form}"));
                fs::write(&file, bytes)?;
                format!("Some(include_bytes!({:?}))", file)
            } else {
                "None".to_owned()
            };
            let _ = write!(table, ", {form}: {value}");
        }
        // Whoever takes no compression gets the gzip form unpacked: the binary need not hold both.
        let plain = if kept {
            "None".to_owned()
        } else {
            format!("Some(include_bytes!({:?}))", copy(path, &packed, number)?)
        };
        let _ = writeln!(table, ", plain: {plain} }},");
    }
    table.push_str("]\n");
    fs::write(out.join("web_files.rs"), table)
}

/// A copy stays where it is when the next build empties the client's folder.
fn copy(path: &Path, packed: &Path, number: usize) -> io::Result<PathBuf> {
    let file = packed.join(format!("{number}.plain"));
    fs::copy(path, &file)?;
    Ok(file)
}

/// All files below `folder` but hidden ones: the bundler keeps its manifest in a hidden folder.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), paths)?;
        } else {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn brotli(plain: &[u8], release: bool) -> io::Result<Vec<u8>> {
    let quality = if release { 11 } else { 4 };
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, quality, 22);
    writer.write_all(plain)?;
    drop(writer);
    Ok(packed)
}

fn gzip(plain: &[u8], release: bool) -> io::Result<Vec<u8>> {
    let level = if release { flate2::Compression::best() } else { flate2::Compression::fast() };
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
    writer.write_all(plain)?;
    writer.finish()
}
