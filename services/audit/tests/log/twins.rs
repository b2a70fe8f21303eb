//! The same input makes the same log on both engines, byte for byte: leaves, bodies, tiles, heads, checkpoints, and the index of
//! sources. Clock and ids are fixed, the input comes from a seed, and what must come out stands here once, for both.

use crate::stage::{ORIGIN, Producer, Stage, config, verifier};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use expect_test::expect;
use handsel_audit::{
    AuditConfig,
    packed::Packed,
    tlog::{Hash, TILE_WIDTH, TreeHead, tile_root},
};
use handsel_proto::handsel::audit::v1::SealedStatement;
use handsel_storage::{At, Fault, Row, Tx};
use handsel_testkit::{Lab, on_both_engines, reason};
use serde_json::json;
use sha2::Sha256;
use std::{collections::BTreeMap, time::Duration};

const SOURCES: [&str; 3] = ["referral/audit", "reward/audit", "tier/audit"];
const STEPS: u64 = 60;
const SEED: u64 = 20_260_105;

/// Chance that is the same in every run (a linear congruence, Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Everything that comes to a log in its life: runs of all lengths, runs that come twice, other bytes under a number taken before,
/// statements that nobody can take, records of our own, checkpoints now and then, restarts, and time that passes.
async fn live(lab: Lab) -> Stage {
    let heartbeat = || AuditConfig { heartbeat: Some(Duration::from_secs(60)), ..config() };
    let mut stage = Stage::with(lab, heartbeat()).await;
    let mut producers = SOURCES.map(Producer::of);
    let mut chance = Chance(SEED);
    for step in 0..STEPS {
        stage.lab.system.advance(Duration::from_micros(1 + chance.below(90_000_000))).unwrap();
        let producer = &mut producers[usize::try_from(chance.below(3)).unwrap()];
        let source = producer.source.clone();
        let epoch = 1 + i64::try_from(step / 20).unwrap();
        let run: Vec<_> = (0..1 + chance.below(120)).map(|_| producer.next()).collect();
        stage.append(&source, epoch, run.clone()).await.unwrap();
        match chance.below(8) {
            0 => stage.sign().await,
            1 => stage.audit.record_system("clock.jumped", json!({ "step": step.to_string() })).await.unwrap(),
            2 => {
                stage.append(&source, epoch, run).await.unwrap();
            }
            3 => {
                let other = Producer::of(&source).made(1, "false");
                let refused = stage.append(&source, epoch, vec![other]).await.unwrap_err();
                assert_eq!(reason(&refused), "STATEMENT_CONFLICT");
            }
            4 => {
                producer.sequence += 1;
                let unfit = SealedStatement {
                    sequence: producer.sequence,
                    statement: format!("{{\"step\":\"{step}\"}}").into_bytes(),
                    ..SealedStatement::default()
                };
                producer.prev = handsel_outbox::statement::statement_digest(&unfit.statement);
                stage.append(&source, epoch, vec![unfit]).await.unwrap();
            }
            5 => stage = stage.restarted_with(heartbeat()).await.unwrap(),
            _ => {}
        }
    }
    stage.sign().await;
    stage
}

/// All rows of a table, each as a line.
async fn rows<T: Row>(tx: &mut Tx, sql: &'static str, text: impl Fn(T) -> String) -> Result<Vec<String>, Fault> {
    Ok(tx.all::<T>(sql, ()).await?.into_iter().map(text).collect())
}

/// Each table as its number of rows and the digest of what they hold; leaves and bodies as they are stored, and as they came.
async fn tables(tx: &mut Tx) -> Result<String, Fault> {
    let hex = |bytes: &[u8]| hex::encode(bytes);
    type Two = (i64, Vec<u8>, Vec<u8>);
    let two = |(index, one, other): Two| format!("{index} {} {}", hex(&one), hex(&other));
    let mut all = BTreeMap::new();
    all.insert("leaf", rows(tx, "SELECT leaf_index, content, hash FROM leaf ORDER BY leaf_index", two).await?);
    all.insert("body", rows(tx, "SELECT leaf_index, content, salt FROM body ORDER BY leaf_index", two).await?);
    let unpacked = |packed: Packed| {
        move |(index, stored, other): Two| format!("{index} {} {}", hex(&packed.unpack(&stored).unwrap()), hex(&other))
    };
    let sql = "SELECT leaf_index, content, hash FROM leaf ORDER BY leaf_index";
    all.insert("leaf as came", rows(tx, sql, unpacked(Packed::Leaf)).await?);
    let sql = "SELECT leaf_index, content, salt FROM body ORDER BY leaf_index";
    all.insert("body as came", rows(tx, sql, unpacked(Packed::Body)).await?);
    let tile = |(level, number, hashes, root): (i64, i64, Vec<u8>, Vec<u8>)| {
        format!("{level} {number} {} {}", hex(&hashes), hex(&root))
    };
    all.insert("tile", rows(tx, "SELECT level, number, hashes, root FROM tile ORDER BY level, number", tile).await?);
    let head = |(size, root, epoch, at): (i64, Vec<u8>, i64, At)| format!("{size} {} {epoch} {}", hex(&root), at.0);
    all.insert("head", rows(tx, "SELECT size, root, epoch, logged_at FROM head ORDER BY size", head).await?);
    let checkpoint = |(size, note, at): (i64, String, At)| format!("{size} {note} {}", at.0);
    all.insert("checkpoint", rows(tx, "SELECT size, note, signed_at FROM checkpoint ORDER BY size", checkpoint).await?);
    let placed = |(source, sequence, statements, leaf, digest): (String, i64, i64, i64, Vec<u8>)| {
        format!("{source} {sequence} {statements} {leaf} {}", hex(&digest))
    };
    let sql =
        "SELECT source, first_sequence, statements, first_leaf, last_digest FROM place ORDER BY first_leaf, source";
    all.insert("place", rows(tx, sql, placed).await?);
    let placed = |(source, sequence, index, digest): (String, i64, i64, Vec<u8>)| {
        format!("{source} {sequence} {index} {}", hex(&digest))
    };
    let sql = "SELECT source, source_sequence, leaf_index, statement_digest FROM conflict ORDER BY leaf_index";
    all.insert("conflict", rows(tx, sql, placed).await?);
    let lease = |(source, epoch): (String, i64)| format!("{source} {epoch}");
    let mut leases = rows(tx, "SELECT source, epoch FROM source_epoch", lease).await?;
    leases.sort_unstable();
    all.insert("source_epoch", leases);
    let told = all.iter().map(|(table, rows)| {
        let digest = Hash::of(rows.join("\n").as_bytes()).to_string();
        format!("{table:<12} {:>5}  {digest}\n", rows.len())
    });
    Ok(told.collect())
}

/// What is stored is what the leaves make, by a tree that shares no code with ours: every head's root, every tile.
async fn is_what_its_leaves_make(tx: &mut Tx) {
    let stored: Vec<(Vec<u8>,)> = tx.all("SELECT content FROM leaf ORDER BY leaf_index", ()).await.unwrap();
    let leaves: Vec<Vec<u8>> = stored.iter().map(|(stored,)| Packed::Leaf.unpack(stored).unwrap()).collect();
    let heads: Vec<(i64, Vec<u8>)> = tx.all("SELECT size, root FROM head ORDER BY size", ()).await.unwrap();
    let heads: BTreeMap<i64, Vec<u8>> = heads.into_iter().collect();
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (size, leaf) in (1..).zip(&leaves) {
        tree.push(leaf.clone());
        if let Some(root) = heads.get(&size) {
            assert_eq!(&tree.root().as_bytes()[..], root, "the head of {size}");
        }
    }
    assert_eq!(heads.keys().last().copied(), i64::try_from(leaves.len()).ok());
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| Hash::of_leaf(leaf)).collect();
    let tiles: Vec<(i64, i64, Vec<u8>, Vec<u8>)> =
        tx.all("SELECT level, number, hashes, root FROM tile ORDER BY level, number", ()).await.unwrap();
    let full = hashes.chunks_exact(usize::try_from(TILE_WIDTH).unwrap());
    assert_eq!(tiles.len(), full.len(), "tiles above the leaves' begin with 65,536 leaves");
    for (number, ((level, stored, bytes, root), made)) in (0..).zip(tiles.iter().zip(full)) {
        assert_eq!((*level, *stored), (0, number));
        assert_eq!(*bytes, made.iter().flat_map(|hash| hash.to_vec()).collect::<Vec<_>>());
        assert_eq!(*root, tile_root(made).to_vec());
    }
    let notes: Vec<(i64, String)> = tx.all("SELECT size, note FROM checkpoint ORDER BY size", ()).await.unwrap();
    for (size, note) in notes {
        let said = TreeHead::open(&note, &verifier()).unwrap();
        assert_eq!((said.origin.as_str(), said.size.cast_signed()), (ORIGIN, size));
        assert_eq!(said.root.to_vec(), heads[&size]);
    }
}

on_both_engines! {
    async fn the_same_life_makes_the_same_bytes_on_both_engines(lab: Lab) {
        let stage = live(lab).await;
        let mut tx = stage.db.read().await.unwrap();
        is_what_its_leaves_make(&mut tx).await;
        expect![[r#"
            body          3989  c6175170a0ad7a74dd808a8253dc5d4fd4d468fa4cba26ad82a1103bf66305ec
            body as came  3989  b0dc001fd4fa50a3a94587621dbb186e08fd986fef006856fbeb70f5df3db70f
            checkpoint      92  f521a424c411b465f55d35525c8d57de11fa85415a31fc9dff55a867cdd62dea
            conflict         3  bc0afa2eead9cc11df0d2629dd7a93d190f6563a5ee35a7cc6b9b831df740b14
            head           170  46caceb53519e66d4d8e8fbd30099cafa9d4334b8d732bebdeba1a1dbcfdafa1
            leaf          4091  d9b2f79f2109e31c552d60cdce83b058a4e52a5a0e3f36c6f3dbd90fd9783b19
            leaf as came  4091  be69d7cfb2fc02d0034ff5d7874fad1c0ba0a34cb710b2c4a7465f7f365f9c88
            place          181  06cdb7a4ef11e449bd0d8b4270d75d7b6d904444c885785b9faaae2c3ca2f530
            source_epoch    15  dff1115a3f8516f31bc0b515d6dbe8f02e10d3b35f5e26cd6cf57027da3c7999
            tile            15  1820a92f7326878e4fdfb7414f4abe5792dab097a9149338e81613d258468a3b
        "#]].assert_eq(&tables(&mut tx).await.unwrap());
    }
}
