//! Scripts in the language of the MRI linker (`-c FILE`; GNU ld's manual, appendix "MRI Compatible Script Files"): a command a line, in capitals
//! or small letters. What they say becomes commands of the other language.

use super::ast::{Assignment, Assigns, Command, Content, Expr, FlagPattern, Include, InputPattern, Origin, OutputRule, OutputType, ScriptInputs, SectionPattern, Sort, SortFiles, Statement};
use super::parse::parse_expression;
use super::pattern::Pattern;
use diag::{Diagnostic, FileId, Span, codes};
use std::collections::HashMap;

/// What a command is.
#[derive(Clone, Copy)]
enum Kind {
    /// Of other sections than these nothing is loaded: `ABSOLUTE a, b`.
    Absolute,
    /// `ALIAS out, in`.
    Alias,
    /// `ALIGN section = value`.
    Align,
    /// `ALIGNMOD section = value`: of each input section.
    AlignInputs,
    /// `BASE address`: of the first section.
    Base,
    /// `EXTERN symbol, symbol`.
    Extern,
    /// `FORMAT S`.
    Format,
    /// `INCLUDE file`.
    Include,
    /// `LIST anything`: the map.
    List,
    /// `LOAD file, file`.
    Load,
    /// `NAME file`: of the image.
    Name,
    /// `ORDER section, section`.
    Order,
    /// `PUBLIC symbol = value`.
    Public,
    /// `SECT section = address`.
    Sect,
    /// `START symbol`.
    Start,
    /// No effect, as in GNU ld.
    Nothing,
}

/// The commands.
const COMMANDS: &[(&str, Kind)] = &[
    ("ABSOLUTE", Kind::Absolute),
    ("ALIAS", Kind::Alias),
    ("ALIGN", Kind::Align),
    ("ALIGNMOD", Kind::AlignInputs),
    ("BASE", Kind::Base),
    ("CASE", Kind::Nothing),
    ("CHIP", Kind::Nothing),
    ("END", Kind::Nothing),
    ("EXTERN", Kind::Extern),
    ("FORMAT", Kind::Format),
    ("INCLUDE", Kind::Include),
    ("LIST", Kind::List),
    ("LOAD", Kind::Load),
    ("NAME", Kind::Name),
    ("ORDER", Kind::Order),
    ("PUBLIC", Kind::Public),
    ("SECT", Kind::Sect),
    ("START", Kind::Start),
    ("TRUNCATE", Kind::Nothing),
];

/// The words of the commands.
pub fn words() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _)| *name)
}

/// A line without its comments.
#[derive(Debug)]
pub struct Line {
    file: FileId,
    /// Where it begins in the file.
    at: usize,
    text: String,
}

/// The lines of a script: those that begin with `*` are comments, and so is what stands behind `;`. Behind a `#` the next line
/// goes on.
pub fn lines(file: FileId, data: &[u8]) -> Result<Vec<Line>, Vec<Diagnostic>> {
    let whole = std::str::from_utf8(data).map_err(|error| {
        let at = error.valid_up_to();
        vec![Diagnostic::new(&codes::E0507, "the linker script is not UTF-8 text").at(Span::new(file, at, at + 1), "this byte is not text")]
    })?;
    let mut lines: Vec<Line> = Vec::new();
    let (mut at, mut goes_on) = (0, false);
    for line in whole.split_inclusive('\n') {
        let is_comment = line.trim_start().starts_with('*') && !goes_on;
        let end = if is_comment { 0 } else { line.find([';', '#']).unwrap_or(line.len()) };
        // Blanks in place of comments, so that places are right.
        let text = format!("{}{}", &line[..end], " ".repeat(line.len() - end));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => last.text.push_str(&text),
            None => lines.push(Line { file, at, text }),
        }
        goes_on = line[end..].starts_with('#');
        at += line.len();
    }
    Ok(lines)
}

type Refused = Vec<Diagnostic>;

/// A part of a line: where it begins in it.
#[derive(Clone, Copy)]
struct Part<'l> {
    line: &'l Line,
    at: usize,
    text: &'l str,
}

impl<'l> Part<'l> {
    fn span(self) -> Span {
        let start = self.line.at + self.at;
        Span::new(self.line.file, start, start + self.text.trim_end().len().max(1))
    }

    fn refused(self, message: impl Into<String>, label: &str) -> Diagnostic {
        Diagnostic::new(&codes::E0507, message).at(self.span(), label)
    }

    /// The part behind this many bytes, without the blanks in front.
    fn behind(self, bytes: usize) -> Part<'l> {
        let rest = &self.text[bytes..];
        let text = rest.trim_start();
        Part { at: self.at + bytes + rest.len() - text.len(), text, ..self }
    }

    /// The name at the beginning, and what is behind it.
    fn name(self, what: &str) -> Result<(Part<'l>, Part<'l>), Refused> {
        let end = self.text.find(|c: char| c.is_whitespace() || c == ',' || c == '=').unwrap_or(self.text.len());
        if end == 0 {
            return Err(vec![self.refused(format!("{what} is missing"), "here")]);
        }
        Ok((Part { text: &self.text[..end], ..self }, self.behind(end)))
    }

    /// Names with `,` or blanks between them.
    fn names(self) -> Result<Vec<Part<'l>>, Refused> {
        let mut names = Vec::new();
        let mut rest = self;
        while !rest.text.is_empty() {
            let (name, behind) = rest.name("a name")?;
            names.push(name);
            rest = if behind.text.starts_with(',') { behind.behind(1) } else { behind };
        }
        Ok(names)
    }

    /// A name and a value, with `=`, `,` or a blank between them.
    fn name_and_value(self) -> Result<(Part<'l>, Expr), Refused> {
        let (name, rest) = self.name("a name")?;
        let value = if rest.text.starts_with(['=', ',']) { rest.behind(1) } else { rest };
        Ok((name, value.value()?))
    }

    fn value(self) -> Result<Expr, Refused> {
        if self.text.is_empty() {
            return Err(vec![self.refused("a value is missing", "here")]);
        }
        parse_expression(self.line.file, &numbers(self.text)).map_err(|mut errors| {
            let start = (self.line.at + self.at) as u32;
            for label in errors.iter_mut().filter_map(|error| error.primary.as_mut()) {
                (label.span.start, label.span.end) = (label.span.start + start, label.span.end + start);
            }
            errors
        })
    }

    fn string(self) -> String {
        self.text.to_string()
    }
}

/// Numbers as this language writes them become those of the other: `1000h`, `17o`, `101b`, `10d`.
fn numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"_.$".contains(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length.max(rest.chars().next().map_or(1, char::len_utf8)));
        out.push_str(&number(word).map_or_else(|| word.to_string(), |value| value.to_string()));
        rest = behind;
    }
    out
}

/// The value of a number with a letter for its base behind it.
fn number(word: &str) -> Option<u64> {
    let (digits, base) = word.split_at_checked(word.len().checked_sub(1)?)?;
    let radix = match base {
        "h" | "H" | "x" | "X" => 16,
        "o" | "O" => 8,
        "b" | "B" => 2,
        "d" | "D" => 10,
        _ => return None,
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// Names with what was said of them; what is said again counts in place of what was said before.
struct Said<T> {
    /// None: said again later.
    all: Vec<Option<(String, T)>>,
    last: HashMap<String, usize>,
}

impl<T> Default for Said<T> {
    fn default() -> Said<T> {
        Said { all: Vec::new(), last: HashMap::new() }
    }
}

impl<T> Said<T> {
    fn say(&mut self, name: Part<'_>, what: T) {
        if let Some(before) = self.last.insert(name.string(), self.all.len()) {
            self.all[before] = None;
        }
        self.all.push(Some((name.string(), what)));
    }

    fn of(&self, name: &str) -> Option<&T> {
        self.all[*self.last.get(name)?].as_ref().map(|(_, what)| what)
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// In the order in which they were last said.
    fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.all.iter().flatten().map(|(name, what)| (name.as_str(), what))
    }
}

/// What a script says, as far as it is read.
#[derive(Default)]
pub struct Script {
    commands: Vec<Command>,
    base: Option<Expr>,
    /// Sections of `ORDER`, with the places where they were named.
    order: Said<Span>,
    addresses: Said<(Expr, Span)>,
    loaded: Said<Span>,
    /// By input section, the output section.
    aliases: Said<String>,
    aligned: Said<Expr>,
    inputs_aligned: Said<Expr>,
}

impl Script {
    /// Adds a line; gives the file of an `INCLUDE`, which is to be added before the next line.
    pub fn add(&mut self, line: &Line) -> Result<Option<Include>, Refused> {
        let whole = Part { line, at: 0, text: &line.text }.behind(0);
        if whole.text.is_empty() {
            return Ok(None);
        }
        let (word, rest) = whole.name("a command")?;
        let Some(&(name, kind)) = COMMANDS.iter().find(|(name, _)| *name == word.text || name.to_ascii_lowercase() == word.text) else {
            return Err(vec![unknown(word)]);
        };
        let rest = Part { text: rest.text.trim_end(), ..rest };
        let one = || rest.name(&format!("what {name} takes")).and_then(|(only, behind)| nothing(behind).map(|()| only));
        match kind {
            Kind::Absolute => rest.names()?.into_iter().for_each(|section| self.loaded.say(section, section.span())),
            Kind::Order => rest.names()?.into_iter().for_each(|section| self.order.say(section, section.span())),
            Kind::Alias => {
                let (out, rest) = rest.name("the output section")?;
                let (input, behind) = (if rest.text.starts_with(',') { rest.behind(1) } else { rest }).name("the input section")?;
                nothing(behind)?;
                self.aliases.say(input, out.string());
            }
            Kind::Align => rest.name_and_value().map(|(section, value)| self.aligned.say(section, value))?,
            Kind::AlignInputs => rest.name_and_value().map(|(section, value)| self.inputs_aligned.say(section, value))?,
            Kind::Sect => rest.name_and_value().map(|(section, address)| self.addresses.say(section, (address, section.span())))?,
            Kind::Base => self.base = Some(rest.value()?),
            Kind::Public => {
                let (name, value) = rest.name_and_value()?;
                self.commands.push(Command::Statements(vec![Statement::Assign(Assignment { name: name.string(), value, assigns: Assigns::Plain, span: whole.span() })]));
            }
            Kind::Extern => self.commands.push(Command::Extern(rest.names()?.into_iter().map(Part::string).collect())),
            Kind::Load => {
                let names = rest.names()?.into_iter().map(Part::string).collect();
                self.commands.push(Command::Inputs(ScriptInputs { names, is_group: false, comes_first: false, is_raw: false, origin: Origin::default() }));
            }
            Kind::Name => self.commands.push(Command::Output(one()?.string())),
            Kind::Start => self.commands.push(Command::Entry(one()?.string())),
            Kind::Format => match one()?.text {
                "S" => self.commands.push(Command::Format(vec!["srec".to_string()])),
                other => return Err(vec![rest.refused(format!("there is no format `{other}`"), "S is the only one").help("choose another with --oformat")]),
            },
            Kind::List => self.commands.push(Command::ShowMap),
            Kind::Include => return Ok(Some(Include { name: one()?.string(), span: rest.span() })),
            Kind::Nothing => {}
        }
        Ok(None)
    }

    /// What the whole script says: the sections stand behind all else.
    #[must_use]
    pub fn finish(mut self) -> Vec<Command> {
        let mut order: Vec<(&str, Span)> = self.order.iter().map(|(name, span)| (name, *span)).collect();
        order.extend(self.addresses.iter().filter(|(name, _)| self.order.of(name).is_none()).map(|(name, (_, span))| (name, *span)));
        if order.is_empty() {
            order.extend(self.loaded.iter().map(|(name, span)| (name, *span)));
        }
        let mut aliases: HashMap<&str, Vec<&str>> = HashMap::new();
        for (input, out) in self.aliases.iter() {
            aliases.entry(out).or_default().push(input);
        }
        let section = |(index, &(name, span)): (usize, &(&str, Span))| {
            let inputs = std::iter::once(name).chain(aliases.get(name).into_iter().flatten().copied());
            Statement::Output(Box::new(self.section(name, span, index == 0, inputs)))
        };
        let sections = order.iter().enumerate().map(section).collect();
        self.commands.push(Command::Statements(sections));
        self.commands
    }

    fn section<'n>(&self, name: &str, span: Span, is_first: bool, inputs: impl Iterator<Item = &'n str>) -> OutputRule {
        let base = self.base.clone().filter(|_| is_first);
        OutputRule {
            name: name.to_string(),
            address: Some(base.or_else(|| self.addresses.of(name).map(|(address, _)| address.clone())).unwrap_or(Expr::Dot)),
            kind: (!self.loaded.is_empty() && self.loaded.of(name).is_none()).then_some(OutputType::NoLoad),
            load_address: None,
            align: self.aligned.of(name).cloned(),
            subalign: self.inputs_aligned.of(name).cloned(),
            align_with_input: false,
            constraint: None,
            contents: inputs.map(|input| Content::Input(all_of(input, span))).collect(),
            region: None,
            load_region: None,
            segments: Vec::new(),
            fill: None,
            overlay: None,
            span,
        }
    }
}

/// `*(section)`
fn all_of(section: &str, span: Span) -> InputPattern {
    InputPattern {
        keep: false,
        file: Pattern::new("*"),
        archive: None,
        sort_files: SortFiles::None,
        exclude: Vec::new(),
        flags: FlagPattern::default(),
        sections: vec![SectionPattern { name: Pattern::new(section), exclude: Vec::new(), sort: Sort::None }],
        span,
    }
}

fn nothing(behind: Part<'_>) -> Result<(), Refused> {
    if behind.text.is_empty() { Ok(()) } else { Err(vec![behind.refused("the line goes on where it should end", "this is too much")]) }
}

fn unknown(word: Part<'_>) -> Diagnostic {
    let diagnostic = word.refused(format!("unrecognised keyword in MRI style script: `{}`", word.text), "here");
    match diag::suggest(word.text, words()) {
        Some(near) => diagnostic.help(format!("did you mean {near}?")),
        None => diagnostic.help("a script in GNU ld's language is given with -T, not with -c"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Command>, Refused> {
        let file = diag::Sources::new().add("x.mri", Vec::new());
        let mut script = Script::default();
        for line in lines(file, text.as_bytes())? {
            script.add(&line)?;
        }
        Ok(script.finish())
    }

    fn sections(text: &str) -> Vec<OutputRule> {
        let commands = read(text).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let Some(Command::Statements(statements)) = commands.into_iter().next_back() else { panic!() };
        statements.into_iter().map(|statement| if let Statement::Output(rule) = statement { *rule } else { panic!() }).collect()
    }

    #[test]
    fn comments_numbers_and_lines_that_go_on() {
        let file = diag::Sources::new().add("x.mri", Vec::new());
        let read = lines(file, b"* all\nsect .a = 10h ; this\npublic x = # on\n  1\n\nend").unwrap();
        let shown: Vec<(usize, &str)> = read.iter().map(|line| (line.at, line.text.trim_end())).collect();
        assert_eq!(shown, [(0, ""), (6, "sect .a = 10h"), (27, "public x =        1"), (47, ""), (48, "end")]);
        assert_eq!(numbers("10h + $1b-0x1b * 17o+101B 12d add 9"), "16 + $1b-0x1b * 15+5 12 add 9");
    }

    #[test]
    fn sections_come_in_their_order() {
        let rules = sections("order .b .a\nsect .c,$200\nsect .a 100h\nsect .c 300h\nbase 40h\nalign .a=8\nalias .b, 12\nalias .b,.x\n");
        let shown: Vec<(&str, Option<u64>, usize)> = rules.iter().map(|rule| (rule.name.as_str(), rule.address.as_ref().and_then(Expr::constant), rule.contents.len())).collect();
        assert_eq!(shown, [(".b", Some(0x40), 3), (".a", Some(0x100), 1), (".c", Some(0x300), 1)]);
        assert_eq!(rules[1].align, Some(Expr::Number(8)));
        let rules = sections("ABSOLUTE .a, .b\nSECT .c=1");
        assert_eq!(rules.iter().map(|rule| (rule.name.as_str(), rule.kind)).collect::<Vec<_>>(), [(".c", Some(OutputType::NoLoad))]);
        assert_eq!(sections("absolute .a").len(), 1);
    }

    #[test]
    fn many_names_take_no_longer_than_a_few_each() {
        let names: String = (0..60_000).map(|number| format!(" s{number}")).collect();
        let again: String = (0..60_000).map(|number| format!("sect s{number} {number}\nalias s7 i{number}\n")).collect();
        let rules = sections(&format!("order{names}\norder{names}\n{again}"));
        assert_eq!((rules.len(), rules[7].contents.len()), (60_000, 60_001));
    }

    #[test]
    fn mistakes_have_places() {
        for (text, at, what) in [
            ("sect .a = 1\nsects .a", 12, "did you mean SECT?"),
            ("SECTIONS { }", 0, "given with -T"),
            ("MEMORY", 0, "given with -T"),
            ("sect .a = 1 +", 10, ""),
            ("public", 6, ""),
            ("public x", 8, ""),
            ("name a b", 7, ""),
            ("format X", 7, "--oformat"),
            ("order .a,,.b", 9, ""),
        ] {
            let errors = read(text).err().unwrap_or_else(|| panic!("{text} is taken"));
            let span = errors[0].primary.as_ref().unwrap_or_else(|| panic!("{text}: no place")).span;
            assert!(errors[0].helps.concat().contains(what), "{text}: {:?}", errors[0].helps);
            assert!(span.start as usize >= at && span.start as usize <= at + 3, "{text}: {span:?}");
        }
    }
}
