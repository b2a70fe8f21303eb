//! Reads the rules of a message once. What is not known here makes the message one that the validator is asked about.

use super::FIELDS;
use super::text::{Number, Text};
use prost_reflect::{
    DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor, ReflectMessage,
    Value,
};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

static FIELD: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| crate::POOL.get_extension_by_name("buf.validate.field"));
static ONEOF: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| crate::POOL.get_extension_by_name("buf.validate.oneof"));
static MESSAGE: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| crate::POOL.get_extension_by_name("buf.validate.message"));

/// One message's rules.
pub(super) struct Plan {
    /// Whether every rule of it is known here.
    pub(super) known: bool,
    /// By their numbers.
    pub(super) fields: Vec<Option<Field>>,
    /// The numbers of those that must stand there, and how often: few of them.
    needed: Vec<(usize, u32)>,
    oneofs: Vec<Oneof>,
}

/// One field's.
pub(super) struct Field {
    /// What is asked of each value.
    pub(super) check: Check,
    /// How often it may stand in a message: values of a list, and once or not at all of anything else.
    least: u32,
    pub(super) most: u32,
}

/// What is asked of a value.
pub(super) enum Check {
    /// Nothing.
    Free,
    /// Of a text.
    Text(Text),
    /// Of bytes: how many.
    Bytes { least: usize, most: usize },
    /// Of a number or an enum.
    Number(Number),
    /// Of a message: that it keeps its own rules.
    Message(usize),
}

struct Oneof {
    members: Vec<usize>,
    required: bool,
}

/// Something that is not known here.
struct Unknown;

impl Plan {
    pub(super) fn of(message: &MessageDescriptor, by_name: &HashMap<String, usize>) -> Self {
        Self::read(message, by_name).unwrap_or(Self {
            known: false,
            fields: Vec::new(),
            needed: Vec::new(),
            oneofs: Vec::new(),
        })
    }

    fn read(message: &MessageDescriptor, by_name: &HashMap<String, usize>) -> Result<Self, Unknown> {
        if message.is_map_entry() || has(&message.options(), &MESSAGE)? {
            return Err(Unknown);
        }
        let mut fields: Vec<Option<Field>> = Vec::new();
        for field in message.fields() {
            let number = usize::try_from(field.number()).map_err(|_| Unknown)?;
            if number >= FIELDS {
                return Err(Unknown);
            }
            if fields.len() <= number {
                fields.resize_with(number.saturating_add(1), || None);
            }
            fields[number] = Some(Field::read(&field, by_name)?);
        }
        let oneofs: Result<Vec<Oneof>, Unknown> =
            message.oneofs().filter(|oneof| !oneof.is_synthetic()).map(|oneof| Oneof::read(&oneof)).collect();
        let each = fields.iter().enumerate();
        let least = each.filter_map(|(at, field)| field.as_ref().map(|field| (at, field.least)));
        let needed = least.filter(|(_, least)| *least > 0).collect();
        Ok(Self { known: true, fields, needed, oneofs: oneofs? })
    }

    /// Whether everything that must stand in the message does. That nothing does too often is seen where it is counted.
    pub(super) fn present(&self, seen: &[u32; FIELDS]) -> bool {
        let often = |at: usize| seen.get(at).copied().unwrap_or_default();
        self.needed.iter().all(|(at, least)| often(*at) >= *least)
            && self.oneofs.iter().all(|oneof| {
                let there = oneof.members.iter().filter(|at| often(**at) > 0).count();
                there == 1 || (there == 0 && !oneof.required)
            })
    }
}

impl Oneof {
    fn read(oneof: &OneofDescriptor) -> Result<Self, Unknown> {
        let options = oneof.options();
        let extension = ONEOF.as_ref().ok_or(Unknown)?;
        let rules = options.get_extension(extension);
        let rules = rules.as_message().ok_or(Unknown)?;
        let mut required = false;
        for (rule, value) in rules.fields() {
            match rule.name() {
                "required" => required = value.as_bool().ok_or(Unknown)?,
                _ => return Err(Unknown),
            }
        }
        let members = oneof.fields().map(|field| usize::try_from(field.number()).map_err(|_| Unknown));
        Ok(Self { members: members.collect::<Result<_, _>>()?, required })
    }
}

impl Field {
    fn read(field: &FieldDescriptor, by_name: &HashMap<String, usize>) -> Result<Self, Unknown> {
        if field.is_map() {
            return Err(Unknown);
        }
        let options = field.options();
        let extension = FIELD.as_ref().ok_or(Unknown)?;
        let rules = options.get_extension(extension);
        let rules = rules.as_message().ok_or(Unknown)?;
        if field.is_list() {
            return Self::of_list(field, rules, by_name);
        }
        let (check, required) = check(field, rules, by_name)?;
        // A field without presence that is left out is its zero, of which its rules are asked too.
        let zero_is_good = field.supports_presence() || check.kept_by_zero();
        let least = u32::from(required || !zero_is_good);
        Ok(Self { check, least, most: 1 })
    }

    fn of_list(
        field: &FieldDescriptor,
        rules: &DynamicMessage,
        by_name: &HashMap<String, usize>,
    ) -> Result<Self, Unknown> {
        let (mut least, mut most) = (0, u32::MAX);
        let none = DynamicMessage::new(rules.descriptor());
        let mut items = none;
        for (rule, value) in rules.fields() {
            match (rule.name(), value) {
                ("repeated", Value::Message(list)) => {
                    for (rule, value) in list.fields() {
                        match (rule.name(), value) {
                            ("min_items", Value::U64(count)) => least = u32::try_from(*count).map_err(|_| Unknown)?,
                            ("max_items", Value::U64(count)) => most = u32::try_from(*count).map_err(|_| Unknown)?,
                            // One is unlike all others.
                            ("unique", Value::Bool(true)) => most = most.min(1),
                            ("items", Value::Message(rules)) => items = rules.clone(),
                            _ => return Err(Unknown),
                        }
                    }
                }
                _ => return Err(Unknown),
            }
        }
        let (check, _) = check(field, &items, by_name)?;
        Ok(Self { check, least, most })
    }
}

impl Check {
    fn kept_by_zero(&self) -> bool {
        match self {
            Self::Free | Self::Message(_) => true,
            Self::Text(text) => text.kept(b"").is_some(),
            Self::Bytes { least, .. } => *least == 0,
            Self::Number(number) => number.kept(0).is_some(),
        }
    }
}

/// What is asked of one value of a field, and whether there must be one.
fn check(
    field: &FieldDescriptor,
    rules: &DynamicMessage,
    by_name: &HashMap<String, usize>,
) -> Result<(Check, bool), Unknown> {
    let mut required = false;
    let mut of_kind = None;
    for (rule, value) in rules.fields() {
        match (rule.name(), value) {
            ("required", Value::Bool(must)) => required = *must,
            ("string" | "bytes" | "int32" | "int64" | "enum", Value::Message(rules)) => of_kind = Some(rules.clone()),
            _ => return Err(Unknown),
        }
    }
    // What is required and has no presence must not be zero, which is not counted here.
    if required && !field.supports_presence() {
        return Err(Unknown);
    }
    let check = match (field.kind(), of_kind) {
        (Kind::Message(message), None) => Check::Message(*by_name.get(message.full_name()).ok_or(Unknown)?),
        (Kind::String, Some(rules)) => Check::Text(text(&rules)?),
        (Kind::Bytes, Some(rules)) => bytes(&rules)?,
        (Kind::Int32 | Kind::Enum(_), Some(rules)) => Check::Number(number(field, &rules, 32)?),
        (Kind::Int64, Some(rules)) => Check::Number(number(field, &rules, 64)?),
        (_, None) => Check::Free,
        (_, Some(_)) => return Err(Unknown),
    };
    Ok((check, required))
}

fn text(rules: &DynamicMessage) -> Result<Text, Unknown> {
    let mut text = Text { least: 0, most: usize::MAX, pattern: None, uuid: false };
    for (rule, value) in rules.fields() {
        match (rule.name(), value) {
            ("min_len", Value::U64(length)) => text.least = usize::try_from(*length).map_err(|_| Unknown)?,
            ("max_len", Value::U64(length)) => text.most = usize::try_from(*length).map_err(|_| Unknown)?,
            ("pattern", Value::String(pattern)) => text.pattern = Some(Regex::new(pattern).map_err(|_| Unknown)?),
            ("uuid", Value::Bool(uuid)) => text.uuid = *uuid,
            _ => return Err(Unknown),
        }
    }
    Ok(text)
}

fn bytes(rules: &DynamicMessage) -> Result<Check, Unknown> {
    let (mut least, mut most) = (0, usize::MAX);
    for (rule, value) in rules.fields() {
        match (rule.name(), value) {
            ("min_len", Value::U64(length)) => least = usize::try_from(*length).map_err(|_| Unknown)?,
            ("max_len", Value::U64(length)) => most = usize::try_from(*length).map_err(|_| Unknown)?,
            _ => return Err(Unknown),
        }
    }
    Ok(Check::Bytes { least, most })
}

fn number(field: &FieldDescriptor, rules: &DynamicMessage, bits: u8) -> Result<Number, Unknown> {
    let mut number = Number { bits, least: i64::MIN, most: i64::MAX, one_of: None, none_of: Vec::new() };
    for (rule, value) in rules.fields() {
        match rule.name() {
            "gte" => number.least = whole(value)?,
            "lte" => number.most = whole(value)?,
            "gt" => number.least = whole(value)?.checked_add(1).ok_or(Unknown)?,
            "lt" => number.most = whole(value)?.checked_sub(1).ok_or(Unknown)?,
            "in" => number.one_of = Some(wholes(value)?),
            "not_in" => number.none_of = wholes(value)?,
            "defined_only" if number.one_of.is_none() => {
                let kind = field.kind();
                let values = kind.as_enum().ok_or(Unknown)?.values();
                number.one_of = Some(values.map(|value| value.number().into()).collect());
            }
            _ => return Err(Unknown),
        }
    }
    // An empty range of protovalidate's means what lies outside of it.
    if number.least > number.most { Err(Unknown) } else { Ok(number) }
}

fn whole(value: &Value) -> Result<i64, Unknown> {
    match value {
        Value::I32(number) => Ok((*number).into()),
        Value::I64(number) => Ok(*number),
        _ => Err(Unknown),
    }
}

fn wholes(value: &Value) -> Result<Vec<i64>, Unknown> {
    value.as_list().ok_or(Unknown)?.iter().map(whole).collect()
}

fn has(options: &DynamicMessage, extension: &LazyLock<Option<ExtensionDescriptor>>) -> Result<bool, Unknown> {
    Ok(options.has_extension(extension.as_ref().ok_or(Unknown)?))
}
