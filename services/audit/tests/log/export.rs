//! An export: checked from its files alone, by us and by strangers; cut off and gone on with; tampered with and found out.

use crate::stage::{ORIGIN, Producer, Stage, key, verifier};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ct_merkle::{InclusionProof, RootHash};
use handsel_audit::{
    client::export::{ExportError, ExportFault, Exported, Exporter, Manifest, verify},
    tlog::{Hash, Question, SigningKey, TILE_WIDTH, Tiles, TreeHead},
};
use handsel_proto::handsel::audit::v1::StreamRecordsRequest;
use handsel_testkit::{Lab, on_both_engines};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

/// More than one run of records between two marks, and a last tile that is not full.
const RECORDS: usize = 2_500;

async fn filled(lab: Lab, records: usize) -> Stage {
    let stage = Stage::set(lab).await;
    stage.fill(&mut Producer::of("referral/audit"), records).await;
    stage
}

/// Runs an export for so many batches, or to its end.
pub(crate) async fn run(stage: &Stage, folder: &Path, batches: usize) -> Result<Option<Exported>, ExportError> {
    let mut exporter = Exporter::open(folder, verifier(), 0..u64::MAX)?;
    let request =
        StreamRecordsRequest { cursor: Some(exporter.cursor()), follow: false, batch_size: 100, ..Default::default() };
    let mut stream = stage.officer().stream_records(stage.ask(request)).await.unwrap().into_inner();
    for _ in 0..batches {
        match stream.message().await.unwrap() {
            Some(batch) => exporter.accept(batch)?,
            None => return exporter.finish().map(Some),
        }
    }
    Ok(None)
}

fn manifest(folder: &Path) -> Manifest {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// The Python that `tests/run` prepares.
pub(crate) fn python() -> Command {
    let python = std::env::var("HANDSEL_TEST_PYTHON");
    Command::new(
        python.expect("HANDSEL_TEST_PYTHON is not set: run tests/run, which prepares a Python and says where it is"),
    )
}

pub(crate) fn ran(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// What strangers are given: leaves, root, checkpoint, key, and paths made of the export's own tiles.
fn proofs(folder: &Path) -> serde_json::Value {
    let key = verifier();
    let note = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let TreeHead { size, root, .. } = TreeHead::open(&note, &key).unwrap();
    let leaves = leaves(folder, size);
    let indexes = [0, 1, 255, 256, size / 2, size - 1];
    let paths = indexes.map(|index| {
        let question = Question::Inclusion { index, size };
        let mut tiles = Tiles::default();
        for span in question.needs().unwrap() {
            let width = ((size >> (8 * span.level)) - span.number * TILE_WIDTH).min(TILE_WIDTH);
            let bytes = fs::read(folder.join(tile(&format!("{}", span.level), span.number, width))).unwrap();
            tiles.insert(span.level, span.number, bytes);
        }
        (index, question.answer(&tiles).unwrap())
    });
    let oracle: [u8; 32] = *root.as_bytes();
    for (index, path) in &paths {
        let path = InclusionProof::<Sha256>::from_bytes(path.iter().flat_map(|hash| hash.to_vec()).collect());
        let place = usize::try_from(*index).unwrap();
        let tree = RootHash::<Sha256>::new(oracle.into(), size);
        tree.verify_inclusion(&leaves[place], *index, &path).unwrap();
        let mut other = leaves[place].clone();
        other[0] ^= 1;
        tree.verify_inclusion(&other, *index, &path).unwrap_err();
    }
    let (id, public) = key.to_string().rsplit_once('+').map(|(id, key)| (id.to_owned(), key.to_owned())).unwrap();
    json!({
        "size": size,
        "root": root.to_string(),
        "checkpoint": note,
        "key_id": id.rsplit_once('+').unwrap().1,
        "public_key": hex::encode(&BASE64_STANDARD.decode(public).unwrap()[1..]),
        "leaves": leaves.iter().map(|leaf| BASE64_STANDARD.encode(leaf)).collect::<Vec<_>>(),
        "proofs": paths.iter().map(|(index, path)| json!({
            "index": index,
            "hashes": path.iter().map(Hash::to_string).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn leaves(folder: &Path, size: u64) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    for number in 0..size.div_ceil(TILE_WIDTH) {
        let width = (size - number * TILE_WIDTH).min(TILE_WIDTH);
        let bundle = fs::read(folder.join(tile("entries", number, width))).unwrap();
        let mut rest = bundle.as_slice();
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            let (leaf, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)));
            leaves.push(leaf.to_vec());
            rest = behind;
        }
    }
    leaves
}

fn tile(of: &str, number: u64, width: u64) -> String {
    let partial = if width == TILE_WIDTH { String::new() } else { format!(".p/{width}") };
    format!("tile/{of}/{number:03}{partial}")
}

/// Makes the manifest fit what the files are now: what a forger would do next.
pub(crate) fn fit_manifest(folder: &Path) {
    let mut manifest = manifest(folder);
    manifest.files.retain(|name, _| folder.join(name).exists());
    for (name, digest) in &mut manifest.files {
        let sum: [u8; 32] = Sha256::digest(fs::read(folder.join(name)).unwrap()).into();
        *digest = Hash::from(sum);
    }
    fs::write(folder.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
}

fn flip(folder: &Path, name: &str, place: usize) {
    let path = folder.join(name);
    let mut bytes = fs::read(&path).unwrap();
    let place = place.min(bytes.len() - 1);
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn copied(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    assert!(Command::new("cp").arg("-R").arg(from.join(".")).arg(to.path()).status().unwrap().success());
    to
}

on_both_engines! {
    async fn strangers_prove_an_export(lab: Lab) {
        let stage = filled(lab, 700).await;
        let folder = TempDir::new().unwrap();
        let exported = run(&stage, folder.path(), usize::MAX).await.unwrap().unwrap();

        let report = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        assert_eq!((report.origin.as_str(), report.tree_size), (ORIGIN, exported.tree_size));
        assert_eq!(report.root_hash, exported.root_hash);
        assert!(report.bodies >= 700, "every statement of the producer has a body: {}", report.bodies);

        let script = folder.path().join("verify.py");
        let (holds, said) = ran(python().arg(&script).arg(verifier().to_string()));
        assert!(holds && said.contains(&format!("proven: {} records", exported.tree_size)), "{said}");

        let file = TempDir::new().unwrap();
        let given = file.path().join("proofs.json");
        fs::write(&given, serde_json::to_vec(&proofs(folder.path())).unwrap()).unwrap();
        let strangers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/foreign_verifiers.py");
        let (holds, said) = ran(python().arg(strangers).arg(&given));
        assert!(holds && said.contains(&exported.root_hash.to_string()), "{said}");
    }

    async fn an_export_that_is_cut_off_is_gone_on_with(lab: Lab) {
        let stage = filled(lab, RECORDS).await;
        let (folder, short) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for batches in [0, 1, 7, 22] {
            assert_eq!(run(&stage, folder.path(), batches).await.unwrap(), None);
            assert!(matches!(verify(folder.path(), None, |_, _| ()), Err(ExportFault::Unreadable { .. })), "not finished");
        }
        let other = Exporter::open(folder.path(), verifier(), 5..9).unwrap_err();
        assert!(matches!(other, ExportError::OtherOpenings(_)), "{other}");
        let exported = run(&stage, folder.path(), usize::MAX).await.unwrap().unwrap();
        let report = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        assert_eq!(report.tree_size, exported.tree_size);
        assert!(matches!(run(&stage, folder.path(), 1).await, Err(ExportError::Finished)));
        fs::write(short.path().join("letter.txt"), "mine").unwrap();
        assert!(matches!(run(&stage, short.path(), 1).await, Err(ExportError::NotEmpty)));
    }

    async fn views_and_bodies_can_be_of_some_records_only(lab: Lab) {
        let stage = filled(lab, 300).await;
        let folder = TempDir::new().unwrap();
        let mut exporter = Exporter::open(folder.path(), verifier(), 10..20).unwrap();
        let request = StreamRecordsRequest { cursor: Some(exporter.cursor()), follow: false, batch_size: 0, ..Default::default() };
        let mut stream = stage.officer().stream_records(stage.ask(request)).await.unwrap().into_inner();
        while let Some(batch) = stream.message().await.unwrap() {
            exporter.accept(batch).unwrap();
        }
        exporter.finish().unwrap();
        let report = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        assert_eq!(report.bodies, 10);
        let table = fs::read_to_string(folder.path().join("views/records.csv")).unwrap();
        assert_eq!(table.lines().count(), 11);
        let (holds, said) = ran(python().arg(folder.path().join("verify.py")));
        assert!(holds, "{said}");
    }

    async fn whatever_is_changed_in_an_export_is_found(lab: Lab) {
        let stage = filled(lab, 300).await;
        let folder = TempDir::new().unwrap();
        run(&stage, folder.path(), usize::MAX).await.unwrap().unwrap();

        // By somebody who does not know of the manifest: every file, one bit.
        for name in manifest(folder.path()).files.keys() {
            let forged = copied(folder.path());
            flip(forged.path(), name, 40);
            let fault = verify(forged.path(), Some(&verifier()), |_, _| ()).unwrap_err();
            assert!(matches!(&fault, ExportFault::File(found) if found == name), "{name}: {fault}");
        }
        let forged = copied(folder.path());
        fs::write(forged.path().join("bodies/more"), "").unwrap();
        assert!(matches!(verify(forged.path(), None, |_, _| ()), Err(ExportFault::File(_))));

        // By somebody who makes the manifest fit.
        for name in manifest(folder.path()).files.keys().filter(|name| *name != "verify.py" && *name != "policy") {
            let forged = copied(folder.path());
            flip(forged.path(), name, 40);
            fit_manifest(forged.path());
            let fault = verify(forged.path(), Some(&verifier()), |_, _| ()).expect_err(name);
            assert!(!matches!(fault, ExportFault::File(_)), "{name}: {fault}");
            if !name.starts_with("views/") {
                let (holds, _) = ran(python().arg(forged.path().join("verify.py")).arg(verifier().to_string()));
                assert!(!holds, "verify.py let {name} pass");
            }
        }

        // By somebody who drops the last records and signs with a key of his own.
        let forged = copied(folder.path());
        let thief = SigningKey::from_seed(ORIGIN, &[6; 32]).unwrap();
        let note = fs::read_to_string(forged.path().join("checkpoint")).unwrap();
        let head = TreeHead::open(&note, key().verifier()).unwrap();
        fs::write(forged.path().join("checkpoint"), head.sign(&thief).unwrap()).unwrap();
        fs::write(forged.path().join("keys/log.vkey"), format!("{}\n", thief.verifier())).unwrap();
        fit_manifest(forged.path());
        assert!(matches!(verify(forged.path(), Some(&verifier()), |_, _| ()), Err(ExportFault::OtherKey)));
    }
}
