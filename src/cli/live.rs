//! Whether another process has the data open: a server that runs on it.

use std::path::{Path, PathBuf};

/// The most open files that are looked at.
const MOST: usize = 200_000;

/// Returns a process that has files below one of the folders open, such as `influxd (process 815)`.
///
/// Known on Linux only, and only of processes whose files this user may see; `None` proves nothing.
pub(super) fn holder<'a>(folders: impl Iterator<Item = &'a Path>) -> Option<String> {
    let folders: Vec<PathBuf> = folders.filter_map(|folder| folder.canonicalize().ok()).collect();
    let own = std::process::id();
    let mut left = MOST;
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if id == own {
            continue;
        }
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let command = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        for file in open.flatten() {
            left = left.checked_sub(1)?;
            let Ok(path) = std::fs::read_link(file.path()) else { continue };
            if !folders.iter().any(|folder| path.starts_with(folder)) || !is_file_of_server(&path) {
                continue;
            }
            // Whoever only reads, such as a copy, does no harm.
            if command.starts_with("influx")
                || is_written(&process.path().join("fdinfo").join(file.file_name()))
            {
                return Some(format!("`{}` (process {id})", command.trim().escape_debug()));
            }
        }
    }
    None
}

/// Tells whether a server keeps such a file open.
fn is_file_of_server(path: &Path) -> bool {
    let is_segment = path.extension().is_some_and(|e| e == "tsm" || e == "wal" || e == "tsl");
    is_segment || path.components().any(|part| part.as_os_str() == "_series")
}

/// Reads off the kernel's account of an open file whether it may be written to.
fn is_written(account: &Path) -> bool {
    let text = std::fs::read_to_string(account).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    // Octal; the last two bits are O_RDONLY, O_WRONLY or O_RDWR.
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 != 0)
}
