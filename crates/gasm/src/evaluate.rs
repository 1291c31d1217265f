//! What values are once labels have offsets.

#![allow(clippy::wildcard_enum_match_arm, reason = "operators that are not named need numbers on both sides")]

use crate::assembler::Assembler;
use crate::expr::{ArithmeticError, Binary, ExprId, Node, Value, binary, unary};
use crate::limits;
use crate::place::Where;
use crate::section::{FixKind, SectionId};
use crate::symbols::{Definition, SymbolId};
use diag::{Diagnostic, codes};
use rv32::Reloc;

/// Why a value has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Symbols are defined through each other.
    Cycle(SymbolId),
    /// It needs a symbol that this file does not define.
    Undefined(SymbolId),
    /// It is no number and no address.
    NotConstant,
    /// Division by zero.
    Arithmetic(ArithmeticError),
}

/// A value: a number, plus and minus a place at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Place added.
    pub add: Option<(SectionId, u32)>,
    /// Place subtracted.
    pub sub: Option<(SectionId, u32)>,
    /// Symbol of another file, or common, that is added.
    pub undefined: Option<SymbolId>,
    /// Symbol of another file that is subtracted.
    pub undefined_sub: Option<SymbolId>,
    /// Number added.
    pub num: i64,
}

impl Resolved {
    const fn number_only(num: i64) -> Resolved {
        Resolved { add: None, sub: None, undefined: None, undefined_sub: None, num }
    }

    /// The number, if that is all; two places of one section cancel.
    pub fn number(&self) -> Option<i64> {
        if self.undefined.is_some() || self.undefined_sub.is_some() {
            return None;
        }
        match (self.add, self.sub) {
            (None, None) => Some(self.num),
            (Some((a, x)), Some((b, y))) if a == b => Some(self.num.wrapping_add(i64::from(x) - i64::from(y))),
            _ => None,
        }
    }

    fn simplified(self) -> Resolved {
        match self.number() {
            Some(n) => Resolved::number_only(n),
            None if self.undefined.is_some() && self.undefined == self.undefined_sub => {
                Resolved { undefined: None, undefined_sub: None, ..self }.simplified()
            }
            None => self,
        }
    }

    fn combine(self, negate: bool, b: Resolved) -> Option<Resolved> {
        let b = if negate {
            Resolved { add: b.sub, sub: b.add, undefined: b.undefined_sub, undefined_sub: b.undefined, num: b.num.wrapping_neg() }
        } else {
            b
        };
        // a - b + c: what cancels goes first, so that three places can make one.
        let (mut adds, mut subs): (Vec<_>, Vec<_>) = ([self.add, b.add].into_iter().flatten().collect(), [self.sub, b.sub].into_iter().flatten().collect());
        let mut num = self.num.wrapping_add(b.num);
        while let Some((i, j)) = adds.iter().enumerate().find_map(|(i, a)| Some((i, subs.iter().position(|s| s.0 == a.0)?))) {
            num = num.wrapping_add(i64::from(adds.remove(i).1) - i64::from(subs.remove(j).1));
        }
        let one = |x: Option<SymbolId>, y: Option<SymbolId>| match (x, y) {
            (Some(_), Some(_)) => None,
            (x, y) => Some(x.or(y)),
        };
        if adds.len() > 1 || subs.len() > 1 {
            return None;
        }
        Some(
            Resolved {
                add: adds.first().copied(),
                sub: subs.first().copied(),
                undefined: one(self.undefined, b.undefined)?,
                undefined_sub: one(self.undefined_sub, b.undefined_sub)?,
                num,
            }
            .simplified(),
        )
    }
}

impl Assembler<'_> {
    /// The number that a value is before the layout: differences across which all sizes are known.
    pub fn known_now(&self, value: Value) -> Result<i64, Failure> {
        self.evaluation_steps.set(0);
        self.known_value(value, 0)
    }

    /// Counts a symbol that is followed.
    fn too_many_steps(&self) -> bool {
        let steps = self.evaluation_steps.get() + 1;
        self.evaluation_steps.set(steps);
        steps > limits::EVALUATION_STEPS
    }

    fn known_value(&self, value: Value, depth: usize) -> Result<i64, Failure> {
        if depth > limits::SYMBOL_DEPTH || self.too_many_steps() {
            return Err(Failure::Cycle(value.add));
        }
        let (a, b) = (self.follow(value.add)?, self.follow(value.sub)?);
        let value = Value { add: a.0, sub: b.0, num: value.num.wrapping_add(a.1).wrapping_sub(b.1) };
        if let Some(n) = self.fold_fixed(value).constant() {
            return Ok(n);
        }
        match (self.label(value.add), self.label(value.sub)) {
            (Some(a), Some(b)) if a.chain == b.chain => self.distance_now(a, b).map(|n| n.wrapping_add(value.num)).ok_or(Failure::NotConstant),
            (None, _) if value.add.is_some() && !value.sub.is_some() => match self.symbols[value.add].definition {
                Definition::Expr(expr) => self.known_expr(expr, depth + 1).map(|n| n.wrapping_add(value.num)),
                Definition::Value(inner) => self.known_value(inner, depth + 1).map(|n| n.wrapping_add(value.num)),
                Definition::Undefined => Err(Failure::Undefined(value.add)),
                _ => Err(Failure::NotConstant),
            },
            _ => {
                let undefined = [value.add, value.sub].into_iter().find(|s| s.is_some() && self.symbols[*s].definition == Definition::Undefined);
                Err(undefined.map_or(Failure::NotConstant, Failure::Undefined))
            }
        }
    }

    /// Warns if a number was made of a distance in code that linking may change.
    pub fn warn_relaxable(&mut self, value: Value, place: Where) {
        let (Some(a), Some(b)) = (self.label(value.add), self.label(value.sub)) else { return };
        if a.chain != b.chain || !self.sections[self.sections.section_of(a)].is_code() {
            return;
        }
        let (low, high) = ((a.run, a.pos).min((b.run, b.pos)), (a.run, a.pos).max((b.run, b.pos)));
        let fixups = &self.sections[a.chain].fixups;
        let from = fixups.partition_point(|f| (f.run, f.pos) < low);
        let between = fixups[from..].iter().take_while(|f| (f.run, f.pos) < high);
        let Some(culprit) = between.into_iter().find(|f| f.relax || f.kind == FixKind::Reloc(Reloc::Align)).map(|f| f.place) else { return };
        let d = Diagnostic::new(&codes::RELAXED_DIFFERENCE, "a distance in code is used as a number, and linking may change it")
            .at(place.span, "the distance before linking is taken")
            .also(culprit.span, "the linker may shorten this")
            .help(".option norelax");
        self.report_at(d, place);
    }

    /// Follows names that stand for one symbol and a number.
    fn follow(&self, mut id: SymbolId) -> Result<(SymbolId, i64), Failure> {
        let mut num = 0i64;
        for _ in 0..limits::SYMBOL_DEPTH {
            if !id.is_some() {
                return Ok((id, num));
            }
            match self.symbols[id].definition {
                Definition::Value(v) if !v.sub.is_some() => {
                    num = num.wrapping_add(v.num);
                    id = v.add;
                }
                _ => return Ok((id, num)),
            }
        }
        Err(Failure::Cycle(id))
    }

    /// The distance of two places of a chain before the layout: with the sizes that are sure now.
    fn distance_now(&self, a: crate::section::At, b: crate::section::At) -> Option<i64> {
        use crate::section::Variable;
        if a.run < b.run {
            return self.distance_now(b, a).map(|n| -n);
        }
        let chain = &self.sections[a.chain];
        let mut total = i64::from(a.pos) - i64::from(b.pos);
        for variable in &chain.variables[b.run as usize..a.run as usize] {
            let Variable::Repeat { count, size, .. } = variable else { return None };
            total += count.constant()?.max(0).checked_mul(i64::from(*size))?;
        }
        Some(total)
    }

    fn known_expr(&self, root: ExprId, depth: usize) -> Result<i64, Failure> {
        self.fold_expr(root, |a, value| a.known_value(value, depth + 1))
    }

    /// What a value is, by the layout done last.
    pub fn resolve(&self, value: Value) -> Result<Resolved, Failure> {
        self.evaluation_steps.set(0);
        self.resolve_value(value, 0)
    }

    fn resolve_value(&self, value: Value, depth: usize) -> Result<Resolved, Failure> {
        let mut out = Resolved::number_only(value.num);
        if value.add.is_some() {
            out = out.combine(false, self.resolve_symbol(value.add, depth)?).ok_or(Failure::NotConstant)?;
        }
        if value.sub.is_some() {
            out = out.combine(true, self.resolve_symbol(value.sub, depth)?).ok_or(Failure::NotConstant)?;
        }
        Ok(out)
    }

    fn resolve_symbol(&self, id: SymbolId, depth: usize) -> Result<Resolved, Failure> {
        if depth > limits::SYMBOL_DEPTH || self.too_many_steps() {
            return Err(Failure::Cycle(id));
        }
        match self.symbols[id].definition {
            Definition::Undefined | Definition::Common { .. } => Ok(Resolved { undefined: Some(id), ..Resolved::number_only(0) }),
            Definition::Label(at) => Ok(Resolved { add: Some((self.sections.section_of(at), self.sections.address(at))), ..Resolved::number_only(0) }),
            Definition::Section(section) => Ok(Resolved { add: Some((section, 0)), ..Resolved::number_only(0) }),
            Definition::Value(value) => self.resolve_value(value, depth + 1),
            Definition::Expr(expr) => self.resolve_expr(expr, depth + 1),
        }
    }

    /// Evaluates an expression of the arena, without recursion over its operators: operands stand
    /// before their operator, so one pass over the arena's part does.
    fn resolve_expr(&self, root: ExprId, depth: usize) -> Result<Resolved, Failure> {
        enum Step {
            Visit(ExprId),
            Apply(ExprId),
        }
        let mut steps = vec![Step::Visit(root)];
        let mut results: Vec<Resolved> = Vec::new();
        while let Some(step) = steps.pop() {
            match step {
                Step::Visit(id) => match self.exprs.node(id) {
                    Node::Value(value) => results.push(self.resolve_value(value, depth)?),
                    Node::Unary(_, a) => steps.extend([Step::Apply(id), Step::Visit(a)]),
                    Node::Binary(_, a, b) => steps.extend([Step::Apply(id), Step::Visit(b), Step::Visit(a)]),
                },
                Step::Apply(id) => match self.exprs.node(id) {
                    Node::Value(_) => {}
                    Node::Unary(op, _) => {
                        let a = results.pop().ok_or(Failure::NotConstant)?;
                        let r = match (op, a.number()) {
                            (_, Some(n)) => Resolved::number_only(unary(op, n)),
                            (crate::expr::Unary::Plus, None) => a,
                            (crate::expr::Unary::Minus, None) => Resolved::number_only(0).combine(true, a).ok_or(Failure::NotConstant)?,
                            (_, None) => return Err(self.failure_of(a)),
                        };
                        results.push(r);
                    }
                    Node::Binary(op, ..) => {
                        let b = results.pop().ok_or(Failure::NotConstant)?;
                        let a = results.pop().ok_or(Failure::NotConstant)?;
                        let r = match (op, a.number(), b.number()) {
                            (_, Some(a), Some(b)) => Resolved::number_only(binary(op, a, b).map_err(Failure::Arithmetic)?),
                            (Binary::Add | Binary::Subtract, _, _) => a.combine(op == Binary::Subtract, b).ok_or(Failure::NotConstant)?,
                            // Two places of one section compare by their distance.
                            (Binary::Equal | Binary::NotEqual | Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual, _, _) => {
                                let distance = a.combine(true, b).and_then(|r| r.number()).ok_or_else(|| self.failure_of2(a, b))?;
                                Resolved::number_only(binary(op, distance, 0).map_err(Failure::Arithmetic)?)
                            }
                            _ => return Err(self.failure_of2(a, b)),
                        };
                        results.push(r);
                    }
                },
            }
        }
        results.pop().ok_or(Failure::NotConstant)
    }

    /// Evaluates an expression of numbers, given what its leaves are.
    fn fold_expr(&self, root: ExprId, leaf: impl Fn(&Self, Value) -> Result<i64, Failure>) -> Result<i64, Failure> {
        // (node, operands are done)
        let mut steps = vec![(root, false)];
        let mut results: Vec<i64> = Vec::new();
        while let Some((id, ready)) = steps.pop() {
            match (self.exprs.node(id), ready) {
                (Node::Value(value), _) => results.push(leaf(self, value)?),
                (Node::Unary(_, a), false) => steps.extend([(id, true), (a, false)]),
                (Node::Binary(_, a, b), false) => steps.extend([(id, true), (b, false), (a, false)]),
                (Node::Unary(op, _), true) => {
                    let a = results.pop().ok_or(Failure::NotConstant)?;
                    results.push(unary(op, a));
                }
                (Node::Binary(op, ..), true) => {
                    let b = results.pop().ok_or(Failure::NotConstant)?;
                    let a = results.pop().ok_or(Failure::NotConstant)?;
                    results.push(binary(op, a, b).map_err(Failure::Arithmetic)?);
                }
            }
        }
        results.pop().ok_or(Failure::NotConstant)
    }

    fn failure_of(&self, a: Resolved) -> Failure {
        a.undefined.or(a.undefined_sub).map_or(Failure::NotConstant, Failure::Undefined)
    }

    fn failure_of2(&self, a: Resolved, b: Resolved) -> Failure {
        match self.failure_of(a) {
            Failure::NotConstant => self.failure_of(b),
            failure => failure,
        }
    }
}
