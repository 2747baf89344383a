//! How much a journal holds: the bytes of its segments without the zeros ahead of the newest one's
//! end. Never reads a record.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// More than a segment has of zeros behind its last batch.
const TAIL_MAX_BYTES: u64 = 1024 * 1024;

/// Bytes in the journal of a data directory.
pub(super) fn bytes(data_dir: &Path) -> u64 {
    let segments = fs::read_dir(data_dir.join("journal")).into_iter().flatten().flatten();
    segments.filter_map(|segment| written(&segment.path()).ok()).sum()
}

/// The length of a file without the zeros at its end.
fn written(path: &Path) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL_MAX_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let zeros = tail.iter().rev().take_while(|byte| **byte == 0).count();
    Ok(from + (tail.len() - zeros) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: zeros ahead are not counted, those within are, and all files are.
    #[test]
    fn zeros_at_the_end_are_not_counted() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("journal")).unwrap();
        fs::write(dir.path().join("journal/1"), [1, 0, 1]).unwrap();
        let mut newest = vec![0; 3_000_000];
        newest[2_500_000] = 7;
        fs::write(dir.path().join("journal/2"), &newest).unwrap();
        assert_eq!(bytes(dir.path()), 3 + 2_500_001);
    }
}
