//! Parses expressions and cursors over the operands of a statement.

#![allow(clippy::wildcard_enum_match_arm, reason = "a kind of token that is not named here is not meant here")]

use crate::assembler::{Assembler, Stmt};
use crate::expr::{ArithmeticError, Binary, ExprId, Node, Unary, Value, binary, combine, unary};
use crate::lexer::{self, T, Tok};
use crate::limits;
use crate::symbols::{Definition, SymbolId};
use diag::{Diagnostic, codes};

/// A cursor over the tokens of a statement.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// The statement.
    pub s: Stmt<'a>,
    /// Next token.
    pub i: usize,
}

impl<'a> Args<'a> {
    /// The tokens after the head.
    pub fn new(s: Stmt<'a>) -> Args<'a> {
        Args { s, i: 1 }
    }

    /// The next token.
    pub fn peek(&self) -> Option<Tok> {
        self.s.toks.get(self.i).copied()
    }

    /// Kind of the next token.
    pub fn kind(&self) -> Option<T> {
        self.peek().map(|t| t.kind)
    }

    /// Takes the next token.
    pub fn next(&mut self) -> Option<Tok> {
        let tok = self.peek()?;
        self.i += 1;
        Some(tok)
    }

    /// Takes the next token if it is of this kind.
    pub fn eat(&mut self, kind: T) -> bool {
        let yes = self.kind() == Some(kind);
        self.i += usize::from(yes);
        yes
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.i >= self.s.toks.len()
    }

    /// Whether an operand ends here.
    pub fn at_comma_or_end(&self) -> bool {
        matches!(self.kind(), None | Some(T::Comma))
    }
}

/// What an unfinished expression holds: a value, or a node.
#[derive(Clone, Copy)]
struct Term {
    value: Value,
    node: ExprId,
    start: u32,
}

#[derive(Clone, Copy)]
enum Pending {
    Open(u32),
    Unary(Unary),
    Binary(Binary, u8, Tok),
}

impl Assembler<'_> {
    /// Parses an expression; `None` if it was reported.
    #[inline]
    pub fn expr(&mut self, args: &mut Args<'_>) -> Option<Value> {
        // The common case: one number or one name and nothing after it.
        if let Some(tok) = args.peek() {
            let after = args.s.toks.get(args.i + 1).map(|t| t.kind);
            if matches!(after, None | Some(T::Comma | T::LParen | T::RParen)) && matches!(tok.kind, T::Number | T::Word) {
                args.i += 1;
                return self.primary(args, tok);
            }
        }
        self.full_expr(args)
    }

    #[inline(never)]
    fn full_expr(&mut self, args: &mut Args<'_>) -> Option<Value> {
        let s = args.s;
        let mut terms: Vec<Term> = Vec::new();
        let mut pending: Vec<Pending> = Vec::new();
        let mut depth = 0;
        loop {
            // An operand is expected.
            let Some(tok) = args.next() else {
                let before = &s.toks[..args.i.min(s.toks.len())];
                let open = pending.iter().any(|p| !matches!(p, Pending::Unary(_)));
                let d = if open || before.len() > 1 && before[before.len() - 1].kind != T::Comma {
                    Diagnostic::new(&codes::E0109, "an operand is missing in this expression").help(format!("write a number or a name here, or delete the `{}` before", s.show(args.i - 1, args.i)))
                } else {
                    Diagnostic::new(&codes::E0109, "a number is missing").help("write the number here")
                };
                self.report(d.at(s.gap(args.i), "expected a number, a name or `(`"));
                return None;
            };
            let prefix = match tok.kind {
                T::LParen => Some(Pending::Open(tok.start)),
                T::Minus => Some(Pending::Unary(Unary::Minus)),
                T::Plus => Some(Pending::Unary(Unary::Plus)),
                T::Tilde => Some(Pending::Unary(Unary::Not)),
                T::Bang => Some(Pending::Unary(Unary::LogicalNot)),
                _ => None,
            };
            if let Some(prefix) = prefix {
                depth += 1;
                if depth > limits::EXPRESSION_DEPTH {
                    let d = Diagnostic::new(&codes::E0111, "expression nested too deeply")
                        .at(s.span_of(tok), format!("more than {} parentheses and signs are open here", limits::EXPRESSION_DEPTH))
                        .help("name parts of it: .equ part, ...");
                    self.report(d);
                    return None;
                }
                pending.push(prefix);
                continue;
            }
            let start = tok.start;
            let value = self.primary(args, tok)?;
            let mut term = Term { value, node: ExprId::NONE, start };
            // An operator, a closing parenthesis, or the end.
            loop {
                while let Some(&Pending::Unary(op)) = pending.last() {
                    pending.pop();
                    depth -= 1;
                    term = self.apply_unary(op, term);
                }
                let next = args.peek();
                let operator = next.and_then(|t| Binary::of(t.kind).map(|(op, rank)| (op, rank, t)));
                // Finish what binds at least as tightly as what follows.
                let rank = operator.map_or(0, |(_, rank, _)| rank);
                while let Some(&Pending::Binary(op, r, tok)) = pending.last() {
                    if r < rank {
                        break;
                    }
                    pending.pop();
                    let left = terms.pop()?;
                    term = self.apply_binary(s, op, tok, left, term)?;
                }
                if let Some((op, rank, tok)) = operator {
                    args.i += 1;
                    terms.push(term);
                    pending.push(Pending::Binary(op, rank, tok));
                    break;
                }
                match pending.last() {
                    None => return Some(self.finish(term)),
                    Some(&Pending::Open(open)) => {
                        if next.is_none_or(|t| t.kind != T::RParen) {
                            if self.bad_tokens(s) {
                                return None;
                            }
                            let d = Diagnostic::new(&codes::E0110, "`(` without `)`")
                                .at(s.span(open, open + 1), "opened here")
                                .also(s.gap(args.i), "`)` expected here");
                            let cure = format!("{}){}", s.raw(0, args.i), s.raw(args.i, s.toks.len()));
                            let d = self.with_cure(d, s, cure);
                            self.report(d);
                            return None;
                        }
                        args.i += 1;
                        pending.pop();
                        depth -= 1;
                    }
                    // Applied above.
                    Some(Pending::Unary(_) | Pending::Binary(..)) => {}
                }
            }
        }
    }

    /// A number, a name, a numeric label or a character.
    fn primary(&mut self, args: &mut Args<'_>, tok: Tok) -> Option<Value> {
        let text = args.s.bytes(tok);
        match tok.kind {
            T::Word if text != b"." => {
                let place = self.place(args.s.span_of(tok));
                let name = self.names.intern(text);
                Some(self.reference(name, place))
            }
            T::Number => match lexer::number(text) {
                Some(n) => Some(Value::number(n as i64)),
                None => {
                    self.bad_number(args, tok);
                    None
                }
            },
            _ => self.rare_primary(args, tok),
        }
    }

    fn bad_number(&mut self, args: &Args<'_>, tok: Tok) {
        let s = args.s;
        let text = s.bytes(tok);
        let octal = text.len() > 1 && text[0] == b'0' && text.iter().all(u8::is_ascii_digit) && text.iter().any(|d| *d > b'7');
        let d = if octal {
            let decimal = s.show(args.i - 1, args.i).trim_start_matches('0').to_string();
            Diagnostic::new(&codes::E0108, "a digit above 7 in an octal number")
                .at(s.span_of(tok), "a number that begins with 0 is octal")
                .help(decimal)
        } else {
            Diagnostic::new(&codes::E0108, "number too large")
                .at(s.span_of(tok), "numbers have at most 64 bits")
                .help("registers have 32 bits: numbers up to 4294967295")
        };
        self.report(d);
    }

    /// `.` and what is rare; kept apart from [`primary`](Self::primary), which runs for every second line.
    #[inline(never)]
    fn rare_primary(&mut self, args: &mut Args<'_>, tok: Tok) -> Option<Value> {
        let s = args.s;
        match tok.kind {
            T::Char => Some(Value::number(i64::from(lexer::character(s.bytes(tok))))),
            T::Word => Some(self.dot(s.span_of(tok))),
            T::Str => {
                let name = self.quoted_name(s, tok)?;
                let place = self.place(s.span_of(tok));
                Some(self.reference(name, place))
            }
            T::LabelRef => {
                let text = s.bytes(tok);
                let place = self.place(s.span_of(tok));
                let digits = std::str::from_utf8(&text[..text.len() - 1]).unwrap_or("");
                let Ok(number) = digits.parse::<u32>() else {
                    self.error(&codes::E0108, "number too large", place.span, "a numeric label is below 2^32");
                    return None;
                };
                let forward = text.ends_with(b"f");
                let id = if forward {
                    let name = self.numeric_name(number);
                    Some(self.symbols.numeric_forward(number, name, place))
                } else {
                    self.symbols.numeric_back(number)
                };
                match id {
                    Some(id) => {
                        self.symbols[id].used = true;
                        Some(Value::symbol(id))
                    }
                    None => {
                        let d = Diagnostic::new(&codes::E0302, format!("no label `{number}:` before this")).at(place.span, format!("`{number}b` means the last `{number}:` above"));
                        let binary = digits.len() > 1 && digits.bytes().all(|b| matches!(b, b'0' | b'1'));
                        let d = if binary { d.help(format!("if it is a binary number: 0b{digits}")) } else { d.help(format!("if the label stands below: {number}f")) };
                        self.report(d);
                        None
                    }
                }
            }
            _ => {
                if self.bad_tokens(s) {
                    return None;
                }
                let d = Diagnostic::new(&codes::E0109, format!("unexpected `{}` in an expression", s.show(args.i - 1, args.i)))
                    .at(s.span_of(tok), "expected a number, a name or `(`");
                let next = s.toks.get(args.i).filter(|t| t.kind == T::Word);
                let d = match tok.kind {
                    T::Percent => d.help("relocation operators such as %lo(symbol) stand alone: %lo(symbol + 4)"),
                    T::Backslash if next.is_some() => self.argument_outside(d, s, args.i - 1),
                    // ARM loads the address of `=x`.
                    T::Eq if next.is_some() && args.i == 4 => {
                        let d = d.note("an address is loaded by la, a number by li");
                        self.with_cure(d, s, format!("la {}, {}", s.raw(1, 2), s.raw(args.i, s.toks.len())))
                    }
                    T::Real => d.help("registers hold whole numbers; .float and .double write others as data"),
                    T::At | T::Bang | T::Slash if s.toks[args.i - 2].kind != T::Comma => d.help(crate::operand::comment_help(tok.kind)),
                    T::LBracket => d.help("memory is written offset(register): 4(sp)"),
                    _ => d.help("delete it, or write what should stand here"),
                };
                self.report(d);
                None
            }
        }
    }

    /// The value of a name: a number if it is one already.
    pub fn reference(&mut self, name: crate::names::Name, place: crate::place::Where) -> Value {
        let id = self.symbol(name, place);
        let symbol = &mut self.symbols[id];
        symbol.used = true;
        if let Definition::Value(v) = symbol.definition
            && v.constant().is_some()
        {
            return v;
        }
        Value::symbol(id)
    }

    /// `.`: the place of output, or the offset in a structure.
    pub fn dot(&mut self, span: diag::Span) -> Value {
        if let Some(offset) = self.structure {
            return Value::number(offset);
        }
        let place = self.place(span);
        let at = self.here();
        Value::symbol(self.temporary_label(at, place))
    }

    fn apply_unary(&mut self, op: Unary, term: Term) -> Term {
        if term.node.is_some() {
            return Term { node: self.exprs.push(Node::Unary(op, term.node)), ..term };
        }
        let value = self.fold_fixed(term.value);
        if let Some(n) = value.constant() {
            return Term { value: Value::number(unary(op, n)), ..term };
        }
        match op {
            Unary::Plus => Term { value, ..term },
            // -(a - b) is b - a.
            Unary::Minus => Term { value: Value { add: value.sub, sub: value.add, num: value.num.wrapping_neg() }, ..term },
            Unary::Not | Unary::LogicalNot => {
                let leaf = self.exprs.push(Node::Value(value));
                Term { node: self.exprs.push(Node::Unary(op, leaf)), ..term }
            }
        }
    }

    fn apply_binary(&mut self, s: Stmt<'_>, op: Binary, tok: Tok, left: Term, right: Term) -> Option<Term> {
        let term = |value| Some(Term { value, node: ExprId::NONE, start: left.start });
        if !left.node.is_some() && !right.node.is_some() {
            if let Some(value) = combine(op, left.value, right.value) {
                return term(value);
            }
            let (a, b) = (self.fold_fixed(left.value), self.fold_fixed(right.value));
            for (before, folded, at) in [(left.value, a, left.start), (right.value, b, right.start)] {
                if before != folded {
                    let place = self.place(s.span(at, s.end()));
                    self.warn_relaxable(before, place);
                }
            }
            if let (Some(a), Some(b)) = (a.constant(), b.constant()) {
                return match binary(op, a, b) {
                    Ok(n) => term(Value::number(n)),
                    Err(ArithmeticError::DivisionByZero) => {
                        let d = Diagnostic::new(&codes::E0305, "division by zero").at(s.span(right.start, s.end()), "this is 0").also(s.span_of(tok), "divides by it");
                        self.report(d);
                        None
                    }
                };
            }
            if let Some(value) = combine(op, a, b) {
                return term(value);
            }
        }
        let node = |a: &mut Self, t: Term| if t.node.is_some() { t.node } else { a.exprs.push(Node::Value(t.value)) };
        let a = node(self, left);
        let b = node(self, right);
        Some(Term { value: Value::number(0), node: self.exprs.push(Node::Binary(op, a, b)), start: left.start })
    }

    fn finish(&mut self, term: Term) -> Value {
        if !term.node.is_some() {
            return term.value;
        }
        let place = self.place_of_nothing();
        let id = self.symbols.add(self.temporary_name, Definition::Expr(term.node), place);
        self.symbols[id].temporary = true;
        self.symbols[id].internal = true;
        Value::symbol(id)
    }

    /// A difference of two labels with only fixed bytes between is a number for the assembler itself.
    pub fn fold_fixed(&self, value: Value) -> Value {
        let (Some(a), Some(b)) = (self.label(value.add), self.label(value.sub)) else { return value };
        match self.sections.fixed_distance(a, b) {
            Some(n) => Value::number(value.num.wrapping_add(n)),
            None => value,
        }
    }

    /// The place of a symbol, if it is a label or a value that names one.
    pub fn label(&self, id: SymbolId) -> Option<crate::section::At> {
        if !id.is_some() {
            return None;
        }
        match self.symbols[id].definition {
            Definition::Label(at) => Some(at),
            _ => None,
        }
    }

    /// Reports what is left of a statement; true if nothing was.
    pub fn expect_end(&mut self, args: &Args<'_>) -> bool {
        if args.at_end() {
            return true;
        }
        if self.bad_tokens(args.s) {
            return false;
        }
        let s = args.s;
        let (last, next) = (s.toks.len(), s.toks[args.i]);
        let before = s.toks[args.i - 1];
        if before.kind == T::Number && next.kind == T::Word && before.end == next.start {
            self.malformed_number(s, args.i - 1, args.i + 1);
            return false;
        }
        let d = if next.kind == T::RParen {
            Diagnostic::new(&codes::E0110, "`)` without `(`").at(s.span_of(next), "nothing is open here").help("delete it, or open a parenthesis before it")
        } else {
            Diagnostic::new(&codes::E0106, format!("unexpected `{}`", s.show(args.i, last)))
                .at(s.span(next.start, s.end()), "the statement should end before this")
                .help(crate::operand::comment_help(next.kind))
        };
        self.report(d);
        false
    }

    /// Takes a comma between arguments; an error and false if something else stands there.
    pub fn expect_comma(&mut self, args: &mut Args<'_>) -> bool {
        if args.eat(T::Comma) {
            return true;
        }
        if self.bad_tokens(args.s) {
            return false;
        }
        let s = args.s;
        let exact = s.map.is_exact(s.toks[0].start as usize);
        let before = s.toks[args.i - 1];
        let d = match args.peek() {
            None => Diagnostic::new(&codes::E0401, "an argument is missing").at(s.gap(args.i), "expected `,` and one more argument"),
            Some(tok) if before.kind == T::Number && tok.kind == T::Word && before.end == tok.start => {
                self.malformed_number(s, args.i - 1, args.i + 1);
                return false;
            }
            Some(tok) if tok.kind == T::Colon && args.i + 1 == s.toks.len() => {
                let d = Diagnostic::new(&codes::E0106, "unexpected `:`").at(s.span_of(tok), "a colon stands where a label is defined, and nowhere else").help(s.raw(0, args.i));
                if exact { d.cure(s.span_of(tok), "") } else { d }
            }
            Some(tok) if tok.kind == T::Eq => {
                let d = Diagnostic::new(&codes::E0112, "expected `,` before `=`").at(s.span_of(tok), "a comma stands here, and no `=`");
                self.with_cure(d, s, format!("{}, {}", s.raw(0, args.i), s.raw(args.i + 1, s.toks.len())))
            }
            Some(tok) if matches!(tok.kind, T::Plus | T::Minus) && before.kind == T::Str => {
                Diagnostic::new(&codes::E0106, format!("unexpected `{}` after a string", s.show(args.i, args.i + 1))).at(s.span_of(tok), "strings are put together by writing them side by side").help("\"a\" \"b\"")
            }
            Some(tok) if tok.kind == T::RParen => Diagnostic::new(&codes::E0110, "`)` without `(`").at(s.span_of(tok), "nothing is open here").help("delete it, or open a parenthesis before it"),
            Some(_) => self.missing_comma(args),
        };
        self.report(d);
        false
    }
}
