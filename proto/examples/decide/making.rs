//! Messages made up from a seed: mostly of values that a field's rules accept, so that many are good as a whole, and of
//! others now and then.

use handsel_proto::POOL;
use prost_protovalidate::{Error, Validator};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use std::{borrow::Cow, collections::HashMap};

const UUID: &str = "018f3c6e-8f53-7d4e-9c50-0c3b0f1a2b3c";
/// Messages within messages, at most so deep.
const MAX_DEPTH: u32 = 6;

/// Makes messages, the same ones from the same seed.
pub(crate) struct Maker {
    chance: Chance,
    validator: Validator,
    accepted: HashMap<String, Vec<Value>>,
}

/// SplitMix64: numbers that look like chance and come again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn percent(&mut self, of_hundred: u64) -> bool {
        self.next() % 100 < of_hundred
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let place = self.next() % u64::try_from(from.len()).ok()?.max(1);
        from.get(usize::try_from(place).ok()?)
    }
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Chance(seed), validator: Validator::new(), accepted: HashMap::new() }
    }

    /// A message of this type.
    pub(crate) fn message(&mut self, descriptor: &MessageDescriptor) -> DynamicMessage {
        self.message_at(descriptor, 0)
    }

    fn message_at(&mut self, descriptor: &MessageDescriptor, depth: u32) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            let in_choice = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
            if !in_choice && !self.chance.percent(4) {
                self.fill(&mut message, &field, depth);
            }
        }
        for choice in descriptor.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let fields: Vec<FieldDescriptor> = choice.fields().collect();
            if !self.chance.percent(4)
                && let Some(field) = self.chance.pick(&fields)
            {
                self.fill(&mut message, field, depth);
            }
        }
        message
    }

    fn fill(&mut self, message: &mut DynamicMessage, field: &FieldDescriptor, depth: u32) {
        if depth == MAX_DEPTH || field.is_map() {
            return;
        }
        if !field.is_list() {
            let value = self.single(field, depth);
            message.set_field(field, value);
            return;
        }
        let scalar = !matches!(field.kind(), Kind::Message(_));
        let (least, most) = bounds(field);
        let length = match self.chance.next() % 40 {
            0 => 0,
            1 if scalar => most.saturating_add(1).min(501),
            other => (least + other % 3).clamp(1, most),
        };
        let items = (0..length).map(|_| self.single(field, depth)).collect();
        message.set_field(field, Value::List(items));
    }

    /// One value of a field: mostly one that its rules accept.
    fn single(&mut self, field: &FieldDescriptor, depth: u32) -> Value {
        if let Kind::Message(inner) = field.kind() {
            return Value::Message(self.message_at(&inner, depth + 1));
        }
        let any = candidates(field);
        if self.chance.percent(2) {
            return self.chance.pick(&any).cloned().unwrap_or_else(|| Value::default_value(&field.kind()));
        }
        if !self.accepted.contains_key(field.full_name()) {
            let accepted = any.into_iter().filter(|value| self.accepts(field, value)).collect();
            self.accepted.insert(field.full_name().to_owned(), accepted);
        }
        let accepted = self.accepted.get(field.full_name()).map_or(&[][..], Vec::as_slice);
        assert!(!accepted.is_empty(), "no candidate is accepted by {}: add one", field.full_name());
        self.chance.pick(accepted).cloned().unwrap_or_else(|| Value::default_value(&field.kind()))
    }

    /// Whether the field's own rules accept the value, in a list as one of its items. What else is wrong with the message
    /// does not matter.
    fn accepts(&self, field: &FieldDescriptor, value: &Value) -> bool {
        let mut message = DynamicMessage::new(field.parent_message().clone());
        let (value, path) = if field.is_list() {
            (Value::List(vec![value.clone()]), format!("{}[0]", field.name()))
        } else {
            (value.clone(), field.name().to_owned())
        };
        message.set_field(field, value);
        match self.validator.validate(&message) {
            Err(Error::Validation(broken)) => !broken.violations().iter().any(|one| one.field_path() == path),
            judged => judged.is_ok(),
        }
    }
}

/// The fewest and the most items that a list's rules accept.
fn bounds(field: &FieldDescriptor) -> (u64, u64) {
    let options = field.options();
    let rules =
        POOL.get_extension_by_name("buf.validate.field").map(|option| options.get_extension(&option).into_owned());
    let rules = rules.and_then(|rules| rules.as_message()?.get_field_by_name("repeated").map(Cow::into_owned));
    let bound = |name: &str| {
        let rules = rules.as_ref()?.as_message()?;
        rules.has_field_by_name(name).then(|| rules.get_field_by_name(name)?.as_u64())?
    };
    (bound("min_items").unwrap_or(0), bound("max_items").unwrap_or(u64::MAX))
}

/// Values worth trying in a field: ordinary ones, those at the edges, and those of an attacker.
fn candidates(field: &FieldDescriptor) -> Vec<Value> {
    match field.kind() {
        Kind::String => texts().into_iter().map(Value::String).collect(),
        Kind::Bytes => {
            [0, 1, 2, 16, 31, 32, 33, 64, 65, 300].map(|length| Value::Bytes(vec![7; length].into())).to_vec()
        }
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Enum(kind) => {
            let known = kind.values().map(|value| value.number());
            known.chain([-1, 999]).map(Value::EnumNumber).collect()
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            [0, 1, -1, 2, 12, 50, 99, 100, 101, 365, 500, 501, 1000, 1001, 2026, 99_999, 100_001, i32::MAX, i32::MIN]
                .map(Value::I32)
                .to_vec()
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            [0, 1, -1, 2, 86_400, 1_000_000, 999_999_999_999, i64::MAX, i64::MIN].map(Value::I64).to_vec()
        }
        Kind::Uint32 | Kind::Fixed32 => [0, 1, 100, u32::MAX].map(Value::U32).to_vec(),
        Kind::Uint64 | Kind::Fixed64 => [0, 1, 100, u64::MAX].map(Value::U64).to_vec(),
        other => vec![Value::default_value(&other)],
    }
}

fn texts() -> Vec<String> {
    let plain = [
        "",
        "a",
        "A",
        "0",
        "0101",
        "no branch",
        "spring",
        "spring-2026",
        "4711",
        "teller.7",
        "CZK",
        "czk",
        "EUR",
        "GOLD",
        "Gold",
        "DUPLICATE_CUSTOMER",
        "2026-11-21",
        "2026-13-41",
        "12.30",
        "-1",
        "1e400",
        "0.05",
        "cs",
        "cs-CZ",
        "Europe/Prague",
        "+420601123456",
        "+0",
        "a@b.cz",
        "@",
        "Jana Nováková",
        "日本語",
        "a b",
        "a\nb",
        "\u{0}",
        "\u{feff}",
        "../..",
        "referral/reward",
        "core/1",
        "programs/spring-2026",
        "programs/",
        "programs/Spring",
        "plans/spring",
        "plans/a-",
        "customers/4711",
        "findings/7",
        "cases/019a2b3c-0000-7000-8000-000000000001",
        "holds/019a2b3c-0000-7000-8000-000000000001",
        "prunes/old-bodies",
        "reward.paid",
        "paymentFiles/7",
        "rewards/019a2b3c-0000-7000-8000-000000000001/choice",
        "customers/4711/tier",
        "staff/7",
        "rate-products/standard",
        "zh-Hans",
        "en",
        "customers/47é11",
        "customers/",
        "codes/K7MP-3XQD",
        "codes/K7MP3XQD\n",
        "policies/standard",
        "tierPolicies/standard",
        "policy",
        "https://bank.example/x",
        "2026-Q1",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "1f825aa2f0020ef7cf91dfa30da4668d791c5d4824fc8e41354b89ec05795ab3",
    ];
    let named = [
        "rewards/",
        "referrals/",
        "holds/",
        "recomputations/",
        "claims/",
        "resolutions/",
        "bankFiles/",
        "rate-grants/",
        "tax-remittances/",
        "facts/",
        "activities/",
        "followUps/",
        "subjects/",
        "erasures/",
        "",
    ]
    .map(|kind| format!("{kind}{UUID}"));
    let long =
        [16, 17, 32, 33, 35, 36, 40, 41, 64, 65, 128, 129, 255, 256, 512, 513, 4097].map(|length| "x".repeat(length));
    let wide = [40, 64, 65, 128].map(|length| "é".repeat(length));
    let other = [UUID.to_uppercase(), format!(" {UUID}"), format!("{UUID}\n")];
    plain.map(str::to_owned).into_iter().chain(named).chain(long).chain(wide).chain(other).collect()
}
