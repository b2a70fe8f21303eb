//! One pass over untrusted XML: elements opened and closed, with a limit on everything, and nothing but elements and text.

mod bounded;

use crate::{Fault, FileError, Limits};
use bounded::Bounded;
use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
    name::{Namespace, ResolveResult},
};
use std::io::BufRead;

/// Above the message's own content stand `Document` and the message's element: paths begin below them.
const ROOTS: usize = 2;
/// What a supplement to a message may hold is another's, in his namespace.
const SUPPLEMENT: &str = "SplmtryData/Envlp";

/// What the pass comes upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// An element begins.
    Open,
    /// An element ends; a leaf, which holds no element, has its text.
    Close(Option<Leaf>),
}

/// The text of an element that holds no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) text: String,
    /// The attribute `Ccy`.
    pub(crate) currency: Option<String>,
}

/// Which message is expected: its own element, and the namespaces of the versions that are read.
pub(crate) struct Expected {
    pub(crate) element: &'static str,
    pub(crate) namespaces: &'static [&'static str],
}

/// The pass. After an error it must not go on.
pub(crate) struct Pass<R: BufRead> {
    reader: NsReader<Bounded<R>>,
    buffer: Vec<u8>,
    expected: Expected,
    limits: Limits,
    /// Which of the expected namespaces the file is of.
    namespace: Option<&'static str>,
    /// How long `path` was before each open element was added to it.
    open: Vec<usize>,
    path: String,
    text: String,
    currency: Option<String>,
    /// Whether the innermost open element holds no element so far.
    leaf: bool,
    /// The depth at which a supplement began, which is passed over.
    supplement: Option<usize>,
    /// How long the path is without the element that was closed last.
    closed: Option<usize>,
    ended: bool,
}

/// What one piece of the file comes to.
enum Step {
    Token(Token),
    Nothing,
    End,
}

impl<R: BufRead> Pass<R> {
    pub(crate) fn new(source: R, expected: Expected, limits: Limits) -> Self {
        let mut reader = NsReader::from_reader(Bounded::new(source, limits));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Self {
            reader,
            buffer: Vec::new(),
            expected,
            limits,
            namespace: None,
            open: Vec::new(),
            path: String::new(),
            text: String::new(),
            currency: None,
            leaf: false,
            supplement: None,
            closed: None,
            ended: false,
        }
    }

    /// The element that was opened or closed last, below the message's own element.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A refusal at where the pass stands.
    pub(crate) fn refuse(&self, fault: Fault) -> FileError {
        FileError { line: self.reader.get_ref().line(), element: self.path.clone(), fault }
    }

    /// The next element opened or closed; none at the file's end. What `path` says holds until the next call.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, FileError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = loop {
            buffer.clear();
            self.reader.get_mut().begin_piece();
            match self.step(&mut buffer)? {
                Step::Token(_) | Step::Nothing if self.supplement.is_some() => {}
                Step::Token(token) => break Some(token),
                Step::Nothing => {}
                Step::End => break None,
            }
        };
        self.buffer = buffer;
        Ok(found)
    }

    fn step(&mut self, buffer: &mut Vec<u8>) -> Result<Step, FileError> {
        let (namespace, event) = match self.reader.read_resolved_event_into(buffer) {
            Ok((ResolveResult::Bound(Namespace(name)), event)) => (Some(name.to_owned()), event),
            Ok((ResolveResult::Unbound | ResolveResult::Unknown(_), event)) => (None, event),
            Err(error) => {
                let limit = self.reader.get_mut().exceeded();
                return Err(self.refuse(limit.unwrap_or_else(|| malformed(&error))));
            }
        };
        match event {
            Event::Start(start) => self.begin(namespace, &start).map(Step::Token),
            Event::End(_) => self.end().map(Step::Token),
            Event::Text(text) => self.add(&text.xml10_content()),
            Event::CData(text) => self.add(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = self.resolve(&reference)?;
                self.add(character.encode_utf8(&mut [0; 4]))
            }
            Event::Comment(_) => Ok(Step::Nothing),
            Event::Decl(declaration) => self.declared(
                declaration.xml_version().map_err(|error| malformed(&error)),
                declaration.encoding().transpose().map_err(|error| Fault::Malformed(error.to_string())),
            ),
            Event::DocType(_) => Err(self.refuse(Fault::Forbidden("a document type".into()))),
            Event::PI(_) => Err(self.refuse(Fault::Forbidden("a processing instruction".into()))),
            Event::Empty(_) => Err(self.refuse(Fault::Malformed("an empty element was not expanded".into()))),
            Event::Eof => self.finish(),
        }
    }

    fn begin(&mut self, namespace: Option<String>, start: &BytesStart<'_>) -> Result<Token, FileError> {
        self.cut();
        if self.ended {
            return Err(self.refuse(Fault::Malformed("a second document follows the first".into())));
        }
        if self.supplement.is_none() && !self.text.trim().is_empty() {
            return Err(self.refuse(Fault::Malformed("text between elements".into())));
        }
        if self.open.len() >= self.limits.depth {
            let limit = u64::try_from(self.limits.depth).unwrap_or(u64::MAX);
            return Err(self.refuse(Fault::TooLarge { what: "elements within elements", limit }));
        }
        let name = start.local_name();
        self.check_name(namespace, name.as_ref())?;
        self.open.push(self.path.len());
        if self.open.len() > ROOTS {
            if !self.path.is_empty() {
                self.path.push('/');
            }
            self.path.push_str(name.as_ref());
        }
        self.text.clear();
        self.currency = self.currency_of(start)?;
        self.leaf = true;
        if self.supplement.is_none() && self.path.ends_with(SUPPLEMENT) {
            self.supplement = Some(self.open.len());
        }
        Ok(Token::Open)
    }

    /// Every element of a message is in its namespace; the first two say which message it is.
    fn check_name(&mut self, namespace: Option<String>, name: &str) -> Result<(), FileError> {
        if self.supplement.is_some() {
            return Ok(());
        }
        let found = namespace.unwrap_or_default();
        if self.namespace.is_none() {
            self.namespace = self.expected.namespaces.iter().copied().find(|one| *one == found);
        }
        if self.namespace != Some(found.as_str()) {
            let expected = self.namespace.map_or_else(|| self.expected.namespaces.join(" or "), str::to_owned);
            return Err(self.refuse(Fault::Namespace { found, expected }));
        }
        let root = match self.open.len() {
            0 => "Document",
            1 => self.expected.element,
            _ => return Ok(()),
        };
        if name == root { Ok(()) } else { Err(self.refuse(Fault::Missing(root))) }
    }

    fn currency_of(&self, start: &BytesStart<'_>) -> Result<Option<String>, FileError> {
        let mut currency = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.refuse(Fault::Malformed(error.to_string())))?;
            if attribute.key.as_ref() == "Ccy" {
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(|error| self.refuse(malformed(&error)))?;
                currency = Some(value.into_owned());
            }
        }
        Ok(currency)
    }

    fn end(&mut self) -> Result<Token, FileError> {
        self.cut();
        let text = std::mem::take(&mut self.text);
        let leaf = self.leaf.then(|| Leaf { text: text.trim().to_owned(), currency: self.currency.take() });
        if leaf.is_none() && self.supplement.is_none() && !text.trim().is_empty() {
            return Err(self.refuse(Fault::Malformed("text between elements".into())));
        }
        if self.supplement == Some(self.open.len()) {
            self.supplement = None;
        }
        self.leaf = false;
        self.closed = self.open.pop();
        self.ended = self.open.is_empty();
        Ok(Token::Close(leaf))
    }

    /// Text outside the root is white space, and text in an element is bounded however many pieces it comes in.
    fn add(&mut self, text: &str) -> Result<Step, FileError> {
        if self.open.is_empty() {
            let blank = text.trim().is_empty() || (self.namespace.is_none() && text.trim() == "\u{feff}");
            return if blank {
                Ok(Step::Nothing)
            } else {
                Err(self.refuse(Fault::Malformed("text outside the document".into())))
            };
        }
        if let Some(control) = text.chars().find(|one| !is_xml(*one)) {
            return Err(self.refuse(Fault::Malformed(format!("the character U+{:04X}", u32::from(control)))));
        }
        let bytes = u64::try_from(self.text.len().saturating_add(text.len())).unwrap_or(u64::MAX);
        if bytes > self.limits.piece_bytes {
            return Err(self.refuse(Fault::TooLarge { what: "bytes of text", limit: self.limits.piece_bytes }));
        }
        self.text.push_str(text);
        Ok(Step::Nothing)
    }

    /// The five entities that XML itself has, and characters by their number. Every other would have to be declared.
    fn resolve(&self, reference: &BytesRef<'_>) -> Result<char, FileError> {
        let by_number = reference.resolve_char_ref().map_err(|error| self.refuse(malformed(&error)))?;
        let name = reference.xml10_content();
        let by_name = match name.as_ref() {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        };
        by_number.or(by_name).ok_or_else(|| self.refuse(Fault::Forbidden(format!("the entity &{name};"))))
    }

    fn declared(
        &self,
        version: Result<XmlVersion, Fault>,
        encoding: Result<Option<std::borrow::Cow<'_, str>>, Fault>,
    ) -> Result<Step, FileError> {
        let version = version.map_err(|fault| self.refuse(fault))?;
        let encoding = encoding.map_err(|fault| self.refuse(fault))?;
        let other =
            encoding.filter(|name| !name.eq_ignore_ascii_case("UTF-8") && !name.eq_ignore_ascii_case("US-ASCII"));
        match (version, other) {
            (XmlVersion::Implicit1_0 | XmlVersion::Explicit1_0, None) => Ok(Step::Nothing),
            (_, Some(name)) => Err(self.refuse(Fault::Malformed(format!("the encoding {name}")))),
            (_, None) => Err(self.refuse(Fault::Malformed("another version of XML than 1.0".into()))),
        }
    }

    fn finish(&self) -> Result<Step, FileError> {
        match (self.open.is_empty(), self.namespace) {
            (true, Some(_)) => Ok(Step::End),
            (false, _) => Err(self.refuse(Fault::Malformed("the file ends within an element".into()))),
            (true, None) => Err(self.refuse(Fault::Malformed("the file holds no document".into()))),
        }
    }

    /// Cuts the path back to the open elements: that of a closed one was left standing for whoever took its token.
    fn cut(&mut self) {
        if let Some(length) = self.closed.take() {
            self.path.truncate(length);
        }
    }
}

fn malformed(error: &quick_xml::Error) -> Fault {
    let mut text = error.to_string();
    // The parser quotes the file, which may be a person's data or a page of nonsense.
    if text.chars().count() > 160 {
        text = text.chars().take(160).chain(['…']).collect();
    }
    Fault::Malformed(text)
}

/// XML 1.0, production 2: `Char`.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
