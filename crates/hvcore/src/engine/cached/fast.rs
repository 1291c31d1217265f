//! The fast loop: predecoded instructions, translations that are known, nothing that can fail. What it cannot do it
//! leaves, unbegun, to others.
//!
//! One small function for each kind of slot, and for each pair of kinds that are frequent. Each ends by calling the next
//! slot's: compilers make a jump of that, so that the processor predicts each by itself, and all that matters stays in
//! registers. Where they do not, the calls nest, but never deeper than a [`BURST`].
//!
//! Steps are counted where a run is entered, for all of it; who leaves it before its end gives back the rest.
#![allow(unsafe_code, reason = "the step from one slot to the next is not checked")]

use super::code::CodePage;
use super::cursor::Cursor;
use super::slot::{KINDS, Kind, Operands};
use super::tlb::{Context, PAGE};
use crate::engine::alu;
use crate::memory::{Access, PageAddress};
use crate::memory::host::Frames;
use std::marker::PhantomData;

/// Registers as the loop keeps them: room for every index that a byte can hold, so that none is checked. Those above
/// 31 hold nothing.
pub(super) type Registers = [u32; 256];

/// At most this many instructions without coming back; more than a run has.
const BURST: u64 = 512; // a frame of a debug build has up to some 400 bytes

/// Why the loop was left. The instruction at pc has not begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// As many steps were done as could be: all, or too few are left for the next run.
    Fuel,
    /// The stepper has to do the instruction.
    Slow,
    /// The page of pc is not known.
    Fetch,
    /// What is at pc was not predecoded.
    Undecoded,
    /// The page of [`Fast::missed`] is not known, or the access is not aligned.
    Data,
    /// What was predecoded of the page [`Fast::changed`] is not what is there any more.
    Code,
}

/// A data access whose page is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Missed {
    pub gva: u32,
    pub bytes: u32,
    pub access: Access,
}

/// What the loop works with, but for what it keeps in processor registers.
pub(super) struct Fast<'a> {
    context: &'a Context,
    /// The page of the reserved word, if there is one: stores to it are left to the stepper.
    reserved: PageAddress,
    /// Bits that must be 0 in a jump's target.
    misaligned: u32,
    /// The page of pc; `code` is what is known of it.
    base: u32,
    code: &'a CodePage,
    pages: &'a [Box<CodePage>],
    frames: Frames<'a>,
    /// Why and where the loop was left, and what may still be done.
    why: Leave,
    pc: u32,
    left: i32,
    /// What [`Leave::Data`] is about.
    missed: Missed,
    /// What [`Leave::Code`] is about: the index of the page.
    changed: u32,
}

/// What the loop leaves behind.
pub(super) struct Left {
    pub why: Leave,
    pub pc: u32,
    /// Steps done.
    pub done: u64,
    pub missed: Missed,
    pub changed: u32,
}

/// The function of a kind: does the instruction at the cursor, whose operands are given, and those that follow it. The number
/// is how many steps may still be done after this run.
pub(super) type Handler = for<'a> fn(&mut Registers, &mut Fast<'a>, Cursor<'a>, Operands, i32);

/// What a run of the loop begins with.
pub(super) struct Start<'a> {
    pub pages: &'a [Box<CodePage>],
    pub frames: Frames<'a>,
    pub context: &'a Context,
    /// The page of the reserved word; [`PageAddress::NOWHERE`]: there is none.
    pub reserved: PageAddress,
    /// Bits that must be 0 in a jump's target.
    pub misaligned: u32,
}

/// Executes at most `fuel` steps from `pc` on, until something has to be left to others.
pub(super) fn run(start: Start<'_>, x: &mut Registers, pc: u32, fuel: u64) -> Left {
    let Start { pages, frames, context, reserved, misaligned } = start;
    let missed = Missed { gva: 0, bytes: 0, access: Access::Load };
    let Some(code) = page(pages, context, pc) else { return Left { why: Leave::Fetch, pc, done: 0, missed, changed: 0 } };
    let mut fast = Fast { context, reserved, misaligned, base: pc & PAGE, code, pages, frames, why: Leave::Fuel, pc, left: 0, missed, changed: 0 };
    let mut left = fuel;
    loop {
        let burst = left.min(BURST);
        let pc = fast.pc;
        go(x, &mut fast, pc, burst as i32);
        left -= burst - u64::from(fast.left.unsigned_abs());
        if fast.why != Leave::Fuel || burst < BURST {
            break;
        }
    }
    Left { why: fast.why, pc: fast.pc, done: fuel - left, missed: fast.missed, changed: fast.changed }
}

/// The code of an address's page, if it is known.
#[inline(always)]
fn page<'a>(pages: &'a [Box<CodePage>], context: &Context, pc: u32) -> Option<&'a CodePage> {
    pages.get(context.fetch(pc)? as usize).map(|page| &**page)
}

/// Leaves at an address.
#[inline(never)]
#[cold]
fn leave_at(f: &mut Fast<'_>, pc: u32, left: i32, why: Leave) {
    (f.why, f.pc, f.left) = (why, pc, left);
}

/// Leaves before the instruction at the cursor: it and what follows it in its run is given back.
#[inline(never)]
#[cold]
fn leave(f: &mut Fast<'_>, here: Cursor<'_>, left: i32, why: Leave) {
    f.pc = f.base.wrapping_add(2 * f.code.place(here).0);
    f.left = left + here.slot().operands.run();
    f.why = why;
}

/// The page of a data access is not known, or the access is not aligned.
#[inline(never)]
#[cold]
fn miss<const BYTES: usize>(f: &mut Fast<'_>, here: Cursor<'_>, left: i32, gva: u32, access: Access) {
    f.missed = Missed { gva, bytes: BYTES as u32, access };
    leave(f, here, left, Leave::Data);
}

/// A store was made to a page that instructions were decoded from.
#[inline(never)]
#[cold]
fn into_code<'a, N: Then, const BYTES: usize>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, left: i32, gva: u32, code: u32) {
    let decoded = f.pages.get(code as usize).is_some_and(|page| page.is_made_of(gva & !PAGE, BYTES as u32));
    if !decoded {
        return N::next(x, f, here, left);
    }
    f.changed = code;
    let next = f.base.wrapping_add(2 * f.code.place(here).1);
    leave_at(f, next, left + here.slot().operands.run() - 1, Leave::Code);
}

/// Enters a run at a slot, if all that follows may be done.
#[inline(always)]
fn enter<'a>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, left: i32) {
    let slot = here.slot();
    let after = left - slot.operands.run();
    if after < 0 {
        return leave(f, here, after, Leave::Fuel);
    }
    (slot.handler)(x, f, here, slot.operands, after);
}

/// Enters the run that a jump within the page leads to.
#[inline(always)]
fn near<'a>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32) {
    // SAFETY: a near jump's immediate is how far its target is away among the page's slots (`CodePage::link`).
    enter(x, f, unsafe { here.offset(o.imm() as i32) }, left);
}

/// Goes on anywhere.
#[inline(always)]
fn go<'a>(x: &mut Registers, f: &mut Fast<'a>, target: u32, left: i32) {
    if target & PAGE != f.base {
        let Some(code) = page(f.pages, f.context, target) else { return leave_at(f, target, left, Leave::Fetch) };
        (f.base, f.code) = (target & PAGE, code);
    }
    match f.code.enter((target & !PAGE) as usize / 2) {
        Some(here) => enter(x, f, here, left),
        None => leave_at(f, target, left, Leave::Undecoded),
    }
}

/// What is left after a jump out of a run: it retires, what follows it does not.
#[inline(always)]
fn after(left: i32, operands: Operands) -> i32 {
    left + operands.run() - 1
}

/// What an instruction of a kind does.
trait Row {
    /// Does the instruction, then what `N` says.
    fn execute<'a, N: Then>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32);
}

/// What comes after an instruction that does not jump.
trait Then {
    fn next<'a>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, left: i32);
}

/// Whatever stands there.
struct Any;

impl Then for Any {
    #[inline(always)]
    fn next<'a>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, left: i32) {
        // SAFETY: a kind whose rows go on is never the last of a run (`Kind::ends`).
        let next = unsafe { here.next() };
        (next.slot().handler)(x, f, next, next.slot().operands, left)
    }
}

/// An instruction of this kind.
struct Known<R>(PhantomData<R>);

impl<R: Row> Then for Known<R> {
    #[inline(always)]
    fn next<'a>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, left: i32) {
        // SAFETY: as above.
        let next = unsafe { here.next() };
        R::execute::<Any>(x, f, next, next.slot().operands, left)
    }
}

#[inline(always)]
fn load<'a, N: Then, const BYTES: usize>(
    x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32, value: impl Fn([u8; BYTES]) -> u32,
) {
    let gva = x[o.rs1()].wrapping_add(o.imm());
    let Some(bytes) = f.context.load(gva, &f.frames) else { return miss::<BYTES>(f, here, left, gva, Access::Load) };
    x[o.rd()] = value(bytes);
    N::next(x, f, here, left)
}

#[inline(always)]
fn store<'a, N: Then, const BYTES: usize>(
    x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32, value: impl Fn(u32) -> [u8; BYTES],
) {
    let gva = x[o.rs1()].wrapping_add(o.imm());
    match f.context.store(gva, f.reserved, value(x[o.rd()]), &mut f.frames) {
        Some(0) => N::next(x, f, here, left),
        Some(code) => into_code::<N, BYTES>(x, f, here, left, gva, code - 1),
        None => miss::<BYTES>(f, here, left, gva, Access::Store),
    }
}

#[inline(always)]
fn modify<'a, N: Then>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32, meaning: impl Fn(u32, u32) -> u32) {
    let (gva, operand) = (x[o.rs1()], x[o.rs2()]);
    let Some((old, code)) = f.context.modify(gva, f.reserved, |old| meaning(old, operand), &mut f.frames) else {
        return miss::<4>(f, here, left, gva, Access::Store);
    };
    x[o.rd()] = old;
    match code {
        0 => N::next(x, f, here, left),
        code => into_code::<N, 4>(x, f, here, left, gva, code - 1),
    }
}

/// What a row says of two operands.
#[inline(always)]
fn of<T>(meaning: impl Fn(u32, u32) -> T, a: u32, b: u32) -> T {
    meaning(a, b)
}

/// The function of an instruction of a kind, that one of another kind follows in its run.
pub(super) fn handler(kind: Kind, next: Option<Kind>) -> Handler {
    let first = FIRSTS.iter().position(|&first| first == kind);
    let second = SECONDS.iter().position(|&second| Some(second) == next);
    match (first, second) {
        (Some(first), Some(second)) => PAIRS[first][second],
        _ => HANDLERS[kind as usize],
    }
}

/// The functions of pairs: of each kind of the first list, followed by each of the second.
macro_rules! pairs {
    ([$($first:ident)*] $seconds:tt) => {
        const FIRSTS: &[Kind] = &[$(Kind::$first),*];
        const SECONDS: &[Kind] = pairs!(@kinds $seconds);
        static PAIRS: [[Handler; SECONDS.len()]; FIRSTS.len()] = [$(pairs!(@row $first $seconds)),*];
    };
    (@kinds [$($second:ident)*]) => { &[$(Kind::$second),*] };
    (@row $first:ident [$($second:ident)*]) => { [$($first::execute::<Known<$second>>),*] };
}

pairs! {
    [Addi Mv Const Add Sub Slli Srli Andi Xor Or And Mul Lw Lh Lhu Lbu Sw Sb Beq Bne]
    [Addi Mv Const Add Sub Slli Srli Srai Andi Xor Or And Mul Lw Lh Lhu Lbu Sw Sh Sb Beq Bne Blt Bge Bltu Bgeu J Jal Jalr]
}

/// The rows below: a kind, its shape, its meaning.
macro_rules! handlers {
    ($($kind:ident $shape:ident($($meaning:tt)*);)*) => {
        $(
            struct $kind;

            impl Row for $kind {
                #[inline(always)]
                fn execute<'a, N: Then>(x: &mut Registers, f: &mut Fast<'a>, here: Cursor<'a>, o: Operands, left: i32) {
                    handlers!(@$shape (x f here o left) [$($meaning)*])
                }
            }
        )*

        static HANDLERS: [Handler; KINDS] = {
            let mut handlers: [Handler; KINDS] = [Slow::execute::<Any>; KINDS];
            let mut rows = 0;
            $(
                handlers[Kind::$kind as usize] = $kind::execute::<Any>;
                assert!(Kind::$kind.ends() == handlers!(@ends $shape), "a row goes on to the next slot unless its kind ends a run");
                rows += 1;
            )*
            assert!(rows == KINDS, "each kind has one row");
            handlers
        };
    };
    (@ends slow) => { true };
    (@ends jump) => { true };
    (@ends far_jump) => { true };
    (@ends call) => { true };
    (@ends far_call) => { true };
    (@ends indirect) => { true };
    (@ends $other:ident) => { false };
    (@slow ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        let _ = ($x, $o);
        leave($f, $here, $left, Leave::Slow)
    }};
    // rd = f(rs1, rs2)
    (@register ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        $x[$o.rd()] = of($meaning, $x[$o.rs1()], $x[$o.rs2()]);
        N::next($x, $f, $here, $left)
    }};
    // rd = f(rs1, imm)
    (@immediate ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        $x[$o.rd()] = of($meaning, $x[$o.rs1()], $o.imm());
        N::next($x, $f, $here, $left)
    }};
    // rd = f(page of pc, imm)
    (@constant ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        $x[$o.rd()] = of($meaning, $f.base, $o.imm());
        N::next($x, $f, $here, $left)
    }};
    // the same for two instructions
    (@constant_of_two ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        $x[$o.rd()] = of($meaning, $f.base, $o.imm());
        // SAFETY: the second of the two is in the same run, and does not end it.
        N::next($x, $f, unsafe { $here.next() }, $left)
    }};
    (@nothing ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        let _ = $o;
        N::next($x, $f, $here, $left)
    }};
    // to a known slot of this page, if f(rs1, rs2)
    (@branch ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        if of($meaning, $x[$o.rs1()], $x[$o.rd()]) {
            return near($x, $f, $here, $o, after($left, $o));
        }
        N::next($x, $f, $here, $left)
    }};
    // to an offset from this page, if f(rs1, rs2)
    (@far_branch ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {{
        if of($meaning, $x[$o.rs1()], $x[$o.rd()]) {
            return go($x, $f, $f.base.wrapping_add($o.imm()), after($left, $o));
        }
        N::next($x, $f, $here, $left)
    }};
    (@jump ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        near($x, $f, $here, $o, $left);
    }};
    (@far_jump ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        let _ = $here;
        go($x, $f, $f.base.wrapping_add($o.imm()), $left)
    }};
    (@call ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        $x[$o.rd()] = $f.link($here);
        near($x, $f, $here, $o, $left);
    }};
    (@far_call ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        $x[$o.rd()] = $f.link($here);
        go($x, $f, $f.base.wrapping_add($o.imm()), $left)
    }};
    (@indirect ($x:ident $f:ident $here:ident $o:ident $left:ident) []) => {{
        let target = $x[$o.rs1()].wrapping_add($o.imm()) & !1;
        if target & $f.misaligned != 0 {
            return leave($f, $here, $left, Leave::Slow);
        }
        $x[$o.rd()] = $f.link($here);
        go($x, $f, target, $left)
    }};
    (@load ($x:ident $f:ident $here:ident $o:ident $left:ident) [$bytes:literal $meaning:expr]) => {
        load::<N, $bytes>($x, $f, $here, $o, $left, $meaning)
    };
    // rd = [rs1]; [rs1] = f(rd, rs2)
    (@modify ($x:ident $f:ident $here:ident $o:ident $left:ident) [$meaning:expr]) => {
        modify::<N>($x, $f, $here, $o, $left, $meaning)
    };
    (@store ($x:ident $f:ident $here:ident $o:ident $left:ident) [$bytes:literal $meaning:expr]) => {
        store::<N, $bytes>($x, $f, $here, $o, $left, $meaning)
    };
}

impl Fast<'_> {
    /// The address after the instruction at the cursor.
    #[inline(always)]
    fn link(&self, here: Cursor<'_>) -> u32 {
        self.base.wrapping_add(2 * self.code.place(here).1)
    }
}

handlers! {
    Goto    far_jump();
    Slow    slow();
    Nop     nothing();
    Const   constant(|_, value| value);
    Wide    constant_of_two(|_, value| value);
    Auipc   constant(u32::wrapping_add);
    Address constant_of_two(u32::wrapping_add);
    Mv      immediate(|a, _| a);

    J       jump();
    JFar    far_jump();
    Jal     call();
    JalFar  far_call();
    Jalr    indirect();

    Beq     branch(|a, b| a == b);
    Bne     branch(|a, b| a != b);
    Blt     branch(|a, b| (a as i32) < b as i32);
    Bge     branch(|a, b| a as i32 >= b as i32);
    Bltu    branch(|a, b| a < b);
    Bgeu    branch(|a, b| a >= b);
    BeqFar  far_branch(|a, b| a == b);
    BneFar  far_branch(|a, b| a != b);
    BltFar  far_branch(|a, b| (a as i32) < b as i32);
    BgeFar  far_branch(|a, b| a as i32 >= b as i32);
    BltuFar far_branch(|a, b| a < b);
    BgeuFar far_branch(|a, b| a >= b);

    Lb      load(1 |bytes| i8::from_le_bytes(bytes) as u32);
    Lh      load(2 |bytes| i16::from_le_bytes(bytes) as u32);
    Lw      load(4 u32::from_le_bytes);
    Lbu     load(1 |bytes| u32::from(bytes[0]));
    Lhu     load(2 |bytes| u32::from(u16::from_le_bytes(bytes)));
    Sb      store(1 |value| (value as u8).to_le_bytes());
    Sh      store(2 |value| (value as u16).to_le_bytes());
    Sw      store(4 u32::to_le_bytes);

    Amoswap modify(|_, b| b);
    Amoadd  modify(u32::wrapping_add);
    Amoxor  modify(|a, b| a ^ b);
    Amoand  modify(|a, b| a & b);
    Amoor   modify(|a, b| a | b);
    Amomin  modify(|a, b| (a as i32).min(b as i32) as u32);
    Amomax  modify(|a, b| (a as i32).max(b as i32) as u32);
    Amominu modify(u32::min);
    Amomaxu modify(u32::max);

    Addi    immediate(u32::wrapping_add);
    Slti    immediate(|a, b| u32::from((a as i32) < b as i32));
    Sltiu   immediate(|a, b| u32::from(a < b));
    Xori    immediate(|a, b| a ^ b);
    Ori     immediate(|a, b| a | b);
    Andi    immediate(|a, b| a & b);
    Slli    immediate(|a, b| a << (b & 31));
    Srli    immediate(|a, b| a >> (b & 31));
    Srai    immediate(|a, b| (a as i32 >> (b & 31)) as u32);

    Add     register(u32::wrapping_add);
    Sub     register(u32::wrapping_sub);
    Sll     register(|a, b| a << (b & 31));
    Slt     register(|a, b| u32::from((a as i32) < b as i32));
    Sltu    register(|a, b| u32::from(a < b));
    Xor     register(|a, b| a ^ b);
    Srl     register(|a, b| a >> (b & 31));
    Sra     register(|a, b| (a as i32 >> (b & 31)) as u32);
    Or      register(|a, b| a | b);
    And     register(|a, b| a & b);

    Mul     register(u32::wrapping_mul);
    Mulh    register(alu::mulh);
    Mulhsu  register(alu::mulhsu);
    Mulhu   register(alu::mulhu);
    Div     register(alu::div);
    Divu    register(alu::divu);
    Rem     register(alu::rem);
    Remu    register(alu::remu);

    Sh1add  register(|a, b| (a << 1).wrapping_add(b));
    Sh2add  register(|a, b| (a << 2).wrapping_add(b));
    Sh3add  register(|a, b| (a << 3).wrapping_add(b));
    Andn    register(|a, b| a & !b);
    Orn     register(|a, b| a | !b);
    Xnor    register(|a, b| !(a ^ b));
    Max     register(|a, b| (a as i32).max(b as i32) as u32);
    Maxu    register(|a, b| a.max(b));
    Min     register(|a, b| (a as i32).min(b as i32) as u32);
    Minu    register(|a, b| a.min(b));
    Rol     register(|a, b| a.rotate_left(b & 31));
    Ror     register(|a, b| a.rotate_right(b & 31));
    Rori    immediate(|a, b| a.rotate_right(b & 31));
    Clz     immediate(|a, _| a.leading_zeros());
    Ctz     immediate(|a, _| a.trailing_zeros());
    Cpop    immediate(|a, _| a.count_ones());
    SextB   immediate(|a, _| a as i8 as u32);
    SextH   immediate(|a, _| a as i16 as u32);
    ZextH   immediate(|a, _| a & 0xffff);
    Rev8    immediate(|a, _| a.swap_bytes());
    OrcB    immediate(|a, _| alu::orc_b(a));
    Bclr    register(|a, b| a & !(1 << (b & 31)));
    Bclri   immediate(|a, b| a & !(1 << (b & 31)));
    Bext    register(|a, b| a >> (b & 31) & 1);
    Bexti   immediate(|a, b| a >> (b & 31) & 1);
    Binv    register(|a, b| a ^ 1 << (b & 31));
    Binvi   immediate(|a, b| a ^ 1 << (b & 31));
    Bset    register(|a, b| a | 1 << (b & 31));
    Bseti   immediate(|a, b| a | 1 << (b & 31));
}
