//! Held to `ct-merkle`, which shares no code with `tlog_tiles`: roots, inclusion, consistency, also across tile boundaries.

use super::*;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha2::Sha256;

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn leaf(index: u64) -> Vec<u8> {
    format!("leaf {index}").into_bytes()
}

fn oracle(size: u64) -> Oracle {
    let mut tree = Oracle::new();
    (0..size).for_each(|index| tree.push(leaf(index)));
    tree
}

fn range(size: u64) -> CompactRange {
    let mut range = CompactRange::new();
    (0..size).for_each(|index| range.push(Hash::of_leaf(&leaf(index))));
    range
}

/// Loads what a question needs from a tree of [`leaf`]s, as a store would.
fn tiles(question: Question) -> Tiles {
    let mut tiles = Tiles::default();
    for span in question.needs().unwrap() {
        let first = span.number * TILE_WIDTH;
        let hashes = (first..first + span.width).flat_map(|n| match span.level {
            0 => Hash::of_leaf(&leaf(n)).to_vec(),
            _ => subtree(n * TILE_WIDTH).to_vec(),
        });
        tiles.insert(span.level, span.number, hashes.collect());
    }
    tiles
}

fn subtree(first: u64) -> Hash {
    let leaves: Vec<Hash> = (first..first + TILE_WIDTH).map(|index| Hash::of_leaf(&leaf(index))).collect();
    tile_root(&leaves)
}

fn answer(question: Question) -> Vec<Hash> {
    question.answer(&tiles(question)).unwrap()
}

fn joined(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.to_vec()).collect()
}

#[test]
fn every_root_up_to_600_leaves_is_the_oracles() {
    let (mut tree, mut range) = (Oracle::new(), CompactRange::new());
    for size in 0..=600 {
        assert_eq!(range.root().to_vec(), tree.root().as_bytes().to_vec(), "the range at {size}");
        if size % 7 == 0 || size % TILE_WIDTH < 2 {
            assert_eq!(answer(Question::Root { size }), vec![range.root()], "the tiles at {size}");
        }
        tree.push(leaf(size));
        range.push(Hash::of_leaf(&leaf(size)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inclusion_proofs_are_the_oracles_and_hold(size in 1_u64..=600, part in 0_u64..600) {
        let index = part % size;
        let proof = answer(Question::Inclusion { index, size });
        let theirs = oracle(size).prove_inclusion(usize::try_from(index).unwrap());
        prop_assert_eq!(joined(&proof), theirs.as_bytes());
        let (root, hash) = (range(size).root(), Hash::of_leaf(&leaf(index)));
        prop_assert_eq!(check_inclusion(&proof, size, root, index, hash), Ok(()));
        prop_assert!(check_inclusion(&proof, size, root, index, Hash::of(b"another")).is_err());
    }

    #[test]
    fn consistency_proofs_are_the_oracles_and_hold(to in 1_u64..=600, part in 0_u64..600) {
        let from = part % to + 1;
        let proof = answer(Question::Consistency { from, to });
        let theirs = oracle(to).prove_consistency(usize::try_from(to - from).unwrap());
        prop_assert_eq!(joined(&proof), theirs.as_bytes());
        let (old, new) = (range(from).root(), range(to).root());
        prop_assert_eq!(check_consistency(&proof, from, old, to, new), Ok(()));
        prop_assert!(check_consistency(&proof, from, Hash::of(b"another"), to, new).is_err());
        prop_assert!(check_consistency(&proof, from, old, to, Hash::of(b"another")).is_err());
    }

    #[test]
    fn a_range_made_of_subtrees_is_the_range_made_of_leaves(size in 0_u64..=600) {
        let mut made = CompactRange::new();
        for number in 0..size / TILE_WIDTH {
            made.push_subtree(8, subtree(number * TILE_WIDTH)).unwrap();
        }
        (made.size()..size).for_each(|index| made.push(Hash::of_leaf(&leaf(index))));
        prop_assert_eq!(made, range(size));
    }
}

/// A tree whose leaves are all alike: its perfect subtrees are known by doubling, so it may be as large as one likes.
struct Uniform {
    perfect: Vec<Hash>,
}

impl Uniform {
    fn new() -> Self {
        let mut perfect = vec![Hash::of_leaf(b"alike")];
        for level in 0..40 {
            perfect.push(Hash::of_node(perfect[level], perfect[level]));
        }
        Self { perfect }
    }

    fn range(&self, size: u64) -> CompactRange {
        let mut range = CompactRange::new();
        for level in (0..40).rev().filter(|level| size >> level & 1 == 1) {
            range.push_subtree(level, self.perfect[level as usize]).unwrap();
        }
        range
    }

    fn answer(&self, question: Question) -> Vec<Hash> {
        let mut tiles = Tiles::default();
        for span in question.needs().unwrap() {
            let hash = self.perfect[usize::from(span.level) * 8].to_vec();
            tiles.insert(span.level, span.number, hash.repeat(usize::try_from(span.width).unwrap()));
        }
        question.answer(&tiles).unwrap()
    }

    fn oracle(&self, size: u64) -> RootHash<Sha256> {
        RootHash::new((*self.range(size).root().as_bytes()).into(), size)
    }
}

#[test]
fn proofs_hold_across_the_boundaries_of_256_65536_and_16777216() {
    let tree = Uniform::new();
    for boundary in [256_u64, 65_536, 16_777_216] {
        for size in [boundary - 1, boundary, boundary + 1, boundary + 300] {
            assert_eq!(answer_root(&tree, size), tree.range(size).root(), "at {size}");
            for index in [0, 254, boundary - 2, size - 1] {
                let proof = InclusionProof::from_bytes(joined(&tree.answer(Question::Inclusion { index, size })));
                let held = tree.oracle(size).verify_inclusion(&b"alike".to_vec(), index, &proof);
                assert!(held.is_ok(), "{index} in {size}: {held:?}");
            }
            for from in [1, 254, boundary - 1, size] {
                let proof = joined(&tree.answer(Question::Consistency { from, to: size }));
                let proof = ConsistencyProof::try_from_bytes(proof).unwrap();
                let held = tree.oracle(size).verify_consistency(&tree.oracle(from), &proof);
                assert!(held.is_ok(), "{from} to {size}: {held:?}");
            }
        }
    }
}

fn answer_root(tree: &Uniform, size: u64) -> Hash {
    tree.answer(Question::Root { size })[0]
}

#[test]
fn a_short_or_missing_tile_is_an_error_and_no_panic() {
    let question = Question::Inclusion { index: 3, size: 300 };
    let mut short = tiles(question);
    short.insert(0, 0, vec![0; 32 * 255]);
    assert_eq!(question.answer(&short), Err(TreeError::ShortTile { level: 0, number: 0 }));
    short.insert(0, 0, vec![0; 32 * 256 + 1]);
    assert_eq!(question.answer(&short), Err(TreeError::ShortTile { level: 0, number: 0 }));
    assert!(matches!(question.answer(&Tiles::default()), Err(TreeError::ShortTile { .. })));
}

#[test]
fn sizes_that_cannot_be_are_refused_before_any_arithmetic() {
    for question in [
        Question::Inclusion { index: 5, size: 5 },
        Question::Inclusion { index: u64::MAX, size: u64::MAX },
        Question::Root { size: u64::MAX },
        Question::Consistency { from: 0, to: 5 },
        Question::Consistency { from: 6, to: 5 },
    ] {
        assert_eq!(question.needs(), Err(TreeError::OutOfRange), "{question:?}");
    }
    let long = vec![Hash::of(b"x"); 1000];
    assert_eq!(check_inclusion(&long, 5, Hash::of(b"root"), 1, Hash::of(b"leaf")), Err(TreeError::Unproven));
}

#[test]
fn a_saved_range_whose_parts_do_not_fit_its_size_is_refused() {
    let saved = serde_json::to_string(&range(5)).unwrap();
    assert_eq!(serde_json::from_str::<CompactRange>(&saved).unwrap(), range(5));
    assert!(serde_json::from_str::<CompactRange>(&saved.replace("\"size\":5", "\"size\":4")).is_err());
}

fn key() -> SigningKey {
    SigningKey::from_seed("handsel.example/audit", &[7; 32]).unwrap()
}

fn head() -> TreeHead {
    TreeHead { origin: "handsel.example/audit".to_owned(), size: 5, root: range(5).root() }
}

#[test]
fn a_checkpoint_opens_with_its_key_and_says_what_was_signed() {
    let note = head().sign(&key()).unwrap();
    expect_test::expect![[r#"
        handsel.example/audit
        5
        NBUVmC1lDiNSDb1U1/zwr6G3DMOhakEdRk3JwayWwwE=

        — handsel.example/audit yWQ01fCrKaxvDgRRkuMnzFADTPXwBYd2sAvOyTSCSLztj+tzolfi72kziQj9n13/xVnLk9z1puLj/PBR3IPPtLACEws=
    "#]]
    .assert_eq(&note);
    assert_eq!(TreeHead::open(&note, key().verifier()), Ok(head()));
}

#[test]
fn a_secret_key_reads_back_as_itself_and_nothing_else() {
    let key = key();
    assert_eq!(SigningKey::parse(key.secret()).unwrap().verifier().to_string(), key.verifier().to_string());
    for broken in [key.secret().to_uppercase(), key.secret().replace("example", "elsewhere"), String::new()] {
        assert!(SigningKey::parse(&broken).is_err(), "{broken}");
    }
}

#[test]
fn a_note_that_was_touched_is_refused() {
    let note = head().sign(&key()).unwrap();
    let line = note.lines().last().unwrap();
    let stranger = SigningKey::from_seed("handsel.example/audit", &[8; 32]).unwrap();
    let bad_line = line.replace(&line[line.len() - 12..line.len() - 4], "AAAAAAAA");
    let other = TreeHead { origin: "elsewhere".to_owned(), ..head() }.sign(&key()).unwrap();
    let table: [(&str, String, CheckpointError); 6] = [
        ("another size", note.replace("\n5\n", "\n6\n"), NoteError::BadSignature.into()),
        ("another key of the same name", head().sign(&stranger).unwrap(), NoteError::Unsigned.into()),
        ("no signature", note.split_once("\n\n").unwrap().0.to_owned(), NoteError::Malformed.into()),
        ("a second signature line that is bad", format!("{note}{bad_line}\n"), NoteError::BadSignature.into()),
        ("a line that is no signature", format!("{note}hello\n"), NoteError::Malformed.into()),
        ("another log", other, CheckpointError::Origin("elsewhere".to_owned())),
    ];
    for (what, touched, why) in table {
        assert_eq!(TreeHead::open(&touched, key().verifier()), Err(why), "{what}");
    }
}

#[test]
fn a_note_signed_by_two_keys_opens_with_each() {
    let next = SigningKey::from_seed("handsel.example/audit", &[8; 32]).unwrap();
    let note = key().sign_also(&head().sign(&next).unwrap()).unwrap();
    for key in [key().verifier(), next.verifier()] {
        assert_eq!(TreeHead::open(&note, key), Ok(head()));
    }
    let other = SigningKey::from_seed("handsel.example/audit", &[9; 32]).unwrap();
    assert_eq!(TreeHead::open(&note, other.verifier()), Err(NoteError::Unsigned.into()));
}

#[test]
fn a_verifier_key_has_one_spelling() {
    let text = key().verifier().to_string();
    assert!(VerifierKey::parse(&text).is_ok());
    let (name, rest) = text.split_once('+').unwrap();
    let (hash, public) = rest.split_once('+').unwrap();
    assert!(VerifierKey::parse(&format!("{name}+{}+{public}", hash.to_uppercase())).is_err());
    assert!(VerifierKey::parse(&format!("{name}+00000000+{public}")).is_err());
}
