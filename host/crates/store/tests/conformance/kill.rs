//! A process that is killed without warning loses nothing that it has acknowledged.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use wask_proto::{ObjectId, Seq};
use wask_store::{
    DataDir, FileJournal, FileObjects, Index, IndexChange, IndexOptions, IndexState, Journal,
    ObjectRecord, Objects,
};

use crate::support::{Random, SMALL_SEGMENTS, append, open, read_from};

const DIR_VARIABLE: &str = "WASK_STORE_KILLED_PROCESS_DIR";

/// The object that belongs to a record.
fn object(seq: u64) -> Vec<u8> {
    seq.to_le_bytes().repeat(700)
}

/// Stores objects, records and index entries and says each record's number once it is durable,
/// until somebody kills the process.
fn write_until_killed(path: &Path) {
    let dir = DataDir::open(path).unwrap();
    let objects = FileObjects::open(&dir).unwrap();
    let (mut journal, _) = FileJournal::open(&dir.journal(), SMALL_SEGMENTS).unwrap();
    let (index, state) = Index::open(&dir.index(), IndexOptions::default()).unwrap();
    let covered = match state {
        IndexState::Ready { covered } => covered,
        IndexState::Rebuilt => Seq(0),
    };
    assert!(covered <= journal.last(), "the index is ahead of the journal");
    let record = ObjectRecord { media_type: "x".into(), size: 5_600, inline: None };
    let put = |seq| IndexChange::PutObject(ObjectId::of(&object(seq)), record.clone());
    let replayed: Vec<_> = (covered.0 + 1..=journal.last().0).map(put).collect();
    index.apply(journal.last(), &replayed).unwrap();
    let mut out = std::io::stdout();
    loop {
        let seq = journal.last().0 + 1;
        let id = objects.put(&object(seq)).unwrap();
        append(&mut journal, &[id.0]);
        writeln!(out, "durable {seq}").unwrap();
        index.apply(Seq(seq), &[put(seq)]).unwrap();
        if seq.is_multiple_of(50) {
            journal.compact(&mut |_, _| true).unwrap();
        }
    }
}

fn check(path: &Path, acknowledged: u64) {
    let dir = DataDir::open(path).unwrap();
    let objects = FileObjects::open(&dir).unwrap();
    let (journal, _) = open(&dir.journal()).unwrap();
    assert!(journal.last().0 >= acknowledged, "{} < {acknowledged}", journal.last().0);
    let records = read_from(&journal, 1).unwrap();
    assert_eq!(records.len() as u64, journal.last().0);
    for (seq, bytes) in records {
        let id = ObjectId::of(&object(seq));
        assert_eq!(bytes, id.0);
        assert!(objects.get(&id).unwrap().is_some(), "the object of record {seq} is missing");
    }
    let (index, state) = Index::open(&dir.index(), IndexOptions::default()).unwrap();
    assert_eq!(index.stats().unwrap().set_aside, 0);
    if let IndexState::Ready { covered } = state {
        for seq in 1..=covered.0 {
            assert!(index.object(&ObjectId::of(&object(seq))).unwrap().is_some(), "record {seq}");
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_at_a_random_moment() {
    if let Some(path) = env::var_os(DIR_VARIABLE) {
        write_until_killed(Path::new(&path));
    }
    const KILLS: u64 = 12;
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random::new(31);
    let mut last = 0;
    for _ in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("kill::nothing_acknowledged_is_lost_when_the_process_is_killed_at_a_random_moment")
            .env(DIR_VARIABLE, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut wanted = random.below(60);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut before = last;
        for seq in lines.filter_map(|line| line.strip_prefix("durable ")?.parse::<u64>().ok()) {
            last = seq;
            // Everything that was said before the kill counts, so reading goes on after it.
            if wanted == 0 {
                child.kill().unwrap();
                before = last;
            }
            wanted = wanted.wrapping_sub(1);
        }
        child.wait().unwrap();
        assert!(last >= before);
        check(dir.path(), last);
    }
    assert!(last > KILLS, "the processes did nothing");
}
