//! Runs: in which bundles of 256 leaves each term is said, packed into pages. A short run tells of 16 bundles; every sixteenth
//! becomes one long run together with those before it, so that a search has few to look into. Which runs there are follows from how
//! many bundles they tell of, and nothing else.

use super::term::Term;
use std::ops::Range;

/// Bundles of a short run.
const SHORT: u64 = 16;
/// Bundles of a long one: as many as a byte counts.
const LONG: u64 = 256;
/// Bytes of a page at most: of such rows PostgreSQL puts four into one of its own pages and SQLite two, none of them out of line.
const PAGE_BYTES: usize = 1_984;

/// A term, and a bundle in which some statement says it.
pub(crate) type Entry = (Term, u64);

/// A run that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    /// Its first bundle.
    pub(crate) first: u64,
    /// The first bundle that no run tells of yet.
    pub(crate) seen: u64,
    /// The one behind its last.
    pub(crate) end: u64,
}

impl Next {
    /// The run to make next, where runs tell of all bundles before `seen` and `whole` bundles are full. None until there is
    /// enough for a short one.
    pub(crate) fn after(seen: u64, whole: u64) -> Option<Self> {
        let end = seen.checked_add(SHORT)?;
        let is_long = end.is_multiple_of(LONG);
        let first = if is_long { end.saturating_sub(LONG) } else { seen };
        (end <= whole).then_some(Self { first, seen, end })
    }

    /// The bundles to look through.
    pub(crate) fn fresh(self) -> Range<u64> {
        self.seen..self.end
    }

    /// The bundles of the runs that it takes in.
    pub(crate) fn taken_in(self) -> Range<u64> {
        self.first..self.seen
    }
}

/// The first bundle of every run, newest first, where they tell of all bundles before `seen`.
pub(crate) fn newest_first(seen: u64) -> Vec<u64> {
    let short = seen.saturating_sub(seen % LONG);
    let starts = |bundles: Range<u64>, each: u64| {
        std::iter::successors(Some(bundles.start), move |first| first.checked_add(each))
            .take_while(move |first| *first < bundles.end)
    };
    let mut runs: Vec<u64> = starts(0..short, LONG).chain(starts(short..seen, SHORT)).collect();
    runs.reverse();
    runs
}

/// A part of a run, from one term to another. All that a run tells of a term stands in one page, so a search reads one of each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The first bundle of its run.
    pub(crate) run: u64,
    /// The first term in it.
    pub(crate) first: Term,
    /// Its entries in order, each as what its term adds to the one before (LEB128) and a byte that counts bundles from the run's first.
    pub(crate) content: Vec<u8>,
}

impl Page {
    /// What it tells. None if it cannot be read: it is not as it was written.
    pub(crate) fn entries(&self) -> Option<Vec<Entry>> {
        let (mut term, mut left, mut entries) = (self.first.0, self.content.as_slice(), Vec::new());
        while !left.is_empty() {
            term = term.checked_add(number(&mut left)?)?;
            let (bundle, rest) = left.split_first()?;
            left = rest;
            entries.push((Term(term), self.run.checked_add(u64::from(*bundle))?));
        }
        Some(entries)
    }
}

/// Packs a run into pages. Entries may come in any order, soonest done in that of the pages that they stood in, and several times; what
/// is not of the run's bundles is not of the run.
pub(crate) fn pack(run: u64, mut entries: Vec<Entry>) -> Vec<Page> {
    entries.sort();
    entries.dedup();
    let mut pages: Vec<Page> = Vec::new();
    let mut previous = Term(0);
    for of_term in entries.chunk_by(|one, next| one.0 == next.0) {
        let Some((term, _)) = of_term.first() else { continue };
        let more = packed(run, previous, of_term);
        match pages.last_mut().filter(|page| page.content.len().saturating_add(more.len()) <= PAGE_BYTES) {
            Some(page) => page.content.extend(more),
            None => pages.push(Page { run, first: *term, content: packed(run, *term, of_term) }),
        }
        previous = *term;
    }
    pages
}

/// The entries of one term, behind those of the term before it. At most 256, so 516 bytes: they fit into a page.
fn packed(run: u64, mut previous: Term, of_term: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(of_term.len().saturating_mul(2).saturating_add(4));
    for (term, bundle) in of_term {
        let Some(Ok(bundle)) = bundle.checked_sub(run).map(u8::try_from) else { continue };
        put_number(term.0.saturating_sub(previous.0), &mut bytes);
        bytes.push(bundle);
        previous = *term;
    }
    bytes
}

/// Writes a number as LEB128: seven bits a byte, the lowest first, the top bit set where more follow.
fn put_number(mut number: u32, to: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

/// Reads one, and goes behind it.
fn number(from: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..u32::BITS).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_run_is_made_of_sixteen_whole_bundles_and_the_sixteenth_takes_in_all_before_it() {
        let next = |first, seen, end| Some(Next { first, seen, end });
        for (seen, whole, expected) in [
            (0, 0, None),
            (0, 15, None),
            (0, 16, next(0, 0, 16)),
            (0, 999, next(0, 0, 16)),
            (16, 31, None),
            (16, 32, next(16, 16, 32)),
            (224, 240, next(224, 224, 240)),
            (240, 255, None),
            (240, 256, next(0, 240, 256)),
            (256, 272, next(256, 256, 272)),
            (496, 512, next(256, 496, 512)),
            (u64::MAX, u64::MAX, None),
        ] {
            assert_eq!(Next::after(seen, whole), expected, "{seen} of {whole}");
        }
        let long = Next::after(240, 256).unwrap();
        assert_eq!((long.fresh(), long.taken_in()), (240..256, 0..240));
        assert!(Next::after(16, 32).unwrap().taken_in().is_empty());
    }

    #[test]
    fn the_runs_follow_from_how_many_bundles_they_tell_of() {
        for (seen, runs) in [
            (0, vec![]),
            (16, vec![0]),
            (48, vec![32, 16, 0]),
            (256, vec![0]),
            (288, vec![272, 256, 0]),
            (768, vec![512, 256, 0]),
        ] {
            assert_eq!(newest_first(seen), runs, "{seen}");
        }
        // Ten million records.
        assert_eq!(newest_first(10_000_000 / 256 / 16 * 16).len(), 152 + 9);
    }

    #[test]
    fn a_run_as_it_is_packed() {
        let entries = vec![(Term(300), 259), (Term(7), 256), (Term(300), 256), (Term(7), 256), (Term(8), 511)];
        let pages = pack(256, entries);
        assert_eq!(pages.len(), 1);
        assert_eq!((pages[0].run, pages[0].first), (256, Term(7)));
        assert_eq!(pages[0].content, [0, 0, 1, 255, 0xa4, 2, 0, 0, 3]);
        assert!(pack(256, Vec::new()).is_empty());
    }

    #[test]
    fn a_page_that_was_not_written_so_is_not_read() {
        for content in [&[0][..], &[0x80], &[0x80, 0x80, 0x80, 0x80, 0x80, 0, 0], &[0xff, 0xff, 0xff, 0xff, 0x0f, 0]] {
            let page = Page { run: 0, first: Term(1), content: content.to_vec() };
            assert_eq!(page.entries(), None, "{content:?}");
        }
    }

    /// Entries of one long run; few terms, so that some are said in many bundles.
    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let term = prop_oneof![0..4_u32, 1_000..1_003_u32, any::<u32>(), Just(u32::MAX)];
        prop::collection::vec((term.prop_map(Term), 512..768_u64), 0..1_500)
    }

    /// As a search reads: of the page that begins last at or before the term.
    fn bundles(pages: &[Page], term: Term) -> BTreeSet<u64> {
        let page = pages.iter().rfind(|page| page.first <= term);
        let told = page.map(|page| page.entries().unwrap()).unwrap_or_default();
        told.into_iter().filter(|(one, _)| *one == term).map(|(_, bundle)| bundle).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn one_page_of_a_run_tells_all_about_a_term(entries in entries()) {
            let pages = pack(512, entries.clone());
            let known: BTreeSet<Entry> = entries.into_iter().collect();
            let told: Vec<Entry> = pages.iter().flat_map(|page| page.entries().unwrap()).collect();
            prop_assert_eq!(&told, &known.iter().copied().collect::<Vec<_>>());
            prop_assert!(pages.iter().all(|page| page.content.len() <= PAGE_BYTES));
            for term in known.iter().map(|(term, _)| *term).chain([Term(5), Term(2_000_000)]) {
                let expected: BTreeSet<u64> = known.range((term, 0)..=(term, u64::MAX)).map(|(_, bundle)| *bundle).collect();
                prop_assert_eq!(bundles(&pages, term), expected);
            }
        }

        #[test]
        fn short_runs_make_the_long_one_that_their_leaves_make(entries in entries()) {
            let whole = pack(512, entries.clone());
            let short = newest_first(767).into_iter().filter(|run| *run >= 512).flat_map(|run| {
                let of_run = |entry: &Entry| (run..run + SHORT).contains(&entry.1);
                pack(run, entries.iter().copied().filter(of_run).collect())
            });
            let told = short.flat_map(|page| page.entries().unwrap()).collect();
            prop_assert_eq!(pack(512, told), whole);
        }
    }
}
