//! The fast loop: predecoded instructions, translations that are known, nothing that can fail. What it cannot do it
//! leaves, unbegun, to others.
//!
//! One small function for each kind of slot. Each ends by calling the next one's: compilers make a jump of that, so that
//! the processor predicts each by itself, and all that matters stays in registers. Where they do not, the calls nest, but
//! never deeper than a [`BURST`].

use super::code::{CodePage, Slots};
use super::slot::{KINDS, Kind, SLOTS, Slot};
use super::tlb::{Context, PAGE};
use crate::engine::alu;
use crate::memory::Access;
use crate::memory::host::Frames;
use guest_abi::PAGE_SIZE;

/// Registers as the loop keeps them: room for every index that a byte can hold, so that none is checked. Those above
/// 31 hold nothing.
type Registers = [u32; 256];

/// At most this many instructions without coming back.
const BURST: u64 = 128; // a frame of a debug build has up to some 200 bytes

/// Why the loop was left. The instruction at pc has not begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// As many steps were done as could be.
    Fuel,
    /// The stepper has to do the instruction.
    Slow,
    /// The page of pc is not known.
    Fetch,
    /// The page of [`State::missed`] is not known, or the access is not aligned.
    Data,
}

/// A data access whose page is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Missed {
    pub gva: u32,
    pub bytes: u32,
    pub access: Access,
}

/// What the loop works on and changes, but for what it keeps in processor registers.
#[derive(Debug)]
pub(super) struct State {
    x: Registers,
    /// The page of pc.
    base: u32,
    /// Where in it pc is, and what may still be done, once the loop was left.
    position: Position,
    /// What [`Leave::Data`] is about.
    pub missed: Missed,
}

impl Default for State {
    fn default() -> State {
        State { x: [0; 256], base: 0, position: Position(0), missed: Missed { gva: 0, bytes: 0, access: Access::Load } }
    }
}

/// What the loop works with.
pub(super) struct Fast<'a> {
    pub pages: &'a [Box<CodePage>],
    pub frames: Frames<'a>,
    pub context: &'a Context,
    /// [`REFUSE`](super::tlb::REFUSE) while stores have to look at a reservation: they are left to the stepper.
    pub refuse: u32,
    /// Bits that must be 0 in a jump's target.
    pub misaligned: u32,
}

/// The slot of pc (bits 0 to 11; 2048 is the end of the page) and how many instructions may still follow the one at hand
/// (bits 16 and up; negative: it may not be done itself). In one number, so that one addition and one test are enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Position(u32);

impl Position {
    const ONE: u32 = 1 << 16;
    /// Out of fuel, or off the end of the page.
    const BOUNDARY: u32 = 1 << 31 | SLOTS as u32;

    /// At a slot, with at least one step to do.
    fn new(at: u32, steps: u32) -> Position {
        Position(at | steps.wrapping_sub(1) << 16)
    }

    #[inline(always)]
    fn at(self) -> u32 {
        self.0 & 0xfff
    }

    fn steps(self) -> u32 {
        ((self.0 as i32 >> 16) + 1) as u32
    }

    /// One instruction retires, pc is so many halfwords on.
    #[inline(always)]
    fn advance(self, halves: u32) -> Position {
        Position(self.0.wrapping_add(halves).wrapping_sub(Position::ONE))
    }

    /// One instruction retires, pc is at a slot.
    #[inline(always)]
    fn jump(self, at: u32) -> Position {
        Position((self.0 & !0xfff).wrapping_sub(Position::ONE) | at)
    }
}

/// The function of a kind: does the instruction `slot`, which stands at `position` of the page `slots`, and those that
/// follow it.
type Handler = for<'a> fn(&mut State, &'a Slots, Position, Slot, &mut Fast<'a>) -> Leave;

impl<'a> Fast<'a> {
    /// Executes at most `fuel` steps from `pc` on, until something has to be left to others. Returns the steps done.
    pub fn run(&mut self, m: &mut State, x: &mut [u32; 32], pc: &mut u32, fuel: u64) -> (Leave, u64) {
        m.x[..32].copy_from_slice(x);
        m.base = *pc & PAGE;
        let mut at = (*pc & !PAGE) / 2;
        let mut left = fuel;
        let leave = loop {
            let Some(slots) = self.page(m.base) else { break Leave::Fetch };
            let burst = left.min(BURST) as u32;
            let leave = dispatch(m, slots, Position::new(at, burst), self);
            at = m.position.at();
            left -= u64::from(burst - m.position.steps());
            // Whatever stands in the way of the next instruction, it is none of this run's.
            if left == 0 {
                break Leave::Fuel;
            }
            if leave != Leave::Fuel {
                break leave;
            }
            if at == SLOTS as u32 {
                (m.base, at) = (m.base.wrapping_add(PAGE_SIZE), 0);
            }
        };
        x.copy_from_slice(&m.x[..32]);
        *pc = m.base.wrapping_add(2 * at);
        (leave, fuel - left)
    }

    /// The slots of a page, if they are known.
    #[inline(always)]
    fn page(&self, base: u32) -> Option<&'a Slots> {
        self.pages.get(self.context.fetch(base)? as usize).map(|page| &page.slots)
    }
}

/// The instruction at `position` has not begun.
#[inline(always)]
fn leave(m: &mut State, position: Position, why: Leave) -> Leave {
    m.position = position;
    why
}

/// Does the instruction at `position`, if it may be done, and those that follow.
#[inline(always)]
fn dispatch<'a>(m: &mut State, slots: &'a Slots, position: Position, f: &mut Fast<'a>) -> Leave {
    if position.0 & Position::BOUNDARY != 0 {
        return boundary(m, slots, position, Slot::UNDECODED, f);
    }
    let slot = slots[position.at() as usize % SLOTS].get();
    HANDLERS[slot.kind()](m, slots, position, slot, f)
}

/// Out of fuel, or on to the next page; nothing retires.
#[inline(never)]
#[cold]
fn boundary<'a>(m: &mut State, _: &'a Slots, position: Position, _: Slot, f: &mut Fast<'a>) -> Leave {
    if position.0 as i32 >= 0 {
        m.base = m.base.wrapping_add(PAGE_SIZE);
        let position = Position(position.0 & !0xfff);
        return match f.page(m.base) {
            Some(slots) => dispatch(m, slots, position, f),
            None => leave(m, position, Leave::Fetch),
        };
    }
    leave(m, position, Leave::Fuel)
}

/// An instruction retires; the next one stands anywhere.
#[inline(always)]
fn go<'a>(m: &mut State, slots: &'a Slots, position: Position, target: u32, f: &mut Fast<'a>) -> Leave {
    let position = position.jump((target & !PAGE) / 2);
    if target & PAGE == m.base {
        return dispatch(m, slots, position, f);
    }
    m.base = target & PAGE;
    match f.page(m.base) {
        Some(slots) => dispatch(m, slots, position, f),
        None => leave(m, position, Leave::Fetch),
    }
}

fn undecoded<'a>(m: &mut State, slots: &'a Slots, position: Position, _: Slot, f: &mut Fast<'a>) -> Leave {
    match f.context.fetch(m.base).and_then(|index| f.pages.get(index as usize)) {
        Some(page) => page.decode(&f.frames, position.at() as usize),
        None => return leave(m, position, Leave::Fetch),
    }
    dispatch(m, slots, position, f)
}

fn slow<'a>(m: &mut State, _: &'a Slots, position: Position, _: Slot, _: &mut Fast<'a>) -> Leave {
    leave(m, position, Leave::Slow)
}

/// The page of a data access is not known, or the access is not aligned. Out of the way of those that are.
#[inline(never)]
#[cold]
fn miss(m: &mut State, position: Position, gva: u32, bytes: u32, access: Access) -> Leave {
    m.missed = Missed { gva, bytes, access };
    leave(m, position, Leave::Data)
}

/// A store hit a page that instructions were decoded from.
#[inline(never)]
fn into_code(f: &Fast<'_>, index: u32, offset: u32, bytes: u32) {
    if let Some(page) = f.pages.get(index as usize) {
        page.forget(offset, bytes);
    }
}

#[inline(always)]
fn load<'a, const BYTES: usize, const HALVES: u32>(
    m: &mut State, slots: &'a Slots, position: Position, slot: Slot, f: &mut Fast<'a>, value: impl Fn([u8; BYTES]) -> u32,
) -> Leave {
    let gva = m.x[slot.rs1()].wrapping_add(slot.imm());
    let bytes = BYTES as u32;
    let page = f.context.load(gva, bytes).and_then(|frame| f.frames.page(frame));
    let offset = (gva & !PAGE & !(bytes - 1)) as usize;
    let Some(bytes) = page.and_then(|page| page[offset..].first_chunk()) else { return miss(m, position, gva, bytes, Access::Load) };
    m.x[slot.rd()] = value(*bytes);
    dispatch(m, slots, position.advance(HALVES), f)
}

#[inline(always)]
fn store<'a, const BYTES: usize, const HALVES: u32>(
    m: &mut State, slots: &'a Slots, position: Position, slot: Slot, f: &mut Fast<'a>, value: impl Fn(u32) -> [u8; BYTES],
) -> Leave {
    let gva = m.x[slot.rs1()].wrapping_add(slot.imm());
    let bytes = BYTES as u32;
    let offset = gva & !PAGE & !(bytes - 1);
    let Some(entry) = f.context.store(gva, bytes, f.refuse) else { return miss(m, position, gva, bytes, Access::Store) };
    let page = f.frames.page_mut(entry.frame);
    let Some(place) = page.and_then(|page| page[offset as usize..].first_chunk_mut()) else { return miss(m, position, gva, bytes, Access::Store) };
    *place = value(m.x[slot.rd()]);
    if entry.code != 0 {
        into_code(f, entry.code - 1, offset, bytes);
    }
    dispatch(m, slots, position.advance(HALVES), f)
}

/// What a row says of two operands.
#[inline(always)]
fn of<T>(meaning: impl Fn(u32, u32) -> T, a: u32, b: u32) -> T {
    meaning(a, b)
}

/// The rows below: a kind, its length in halfwords, its shape, its meaning.
macro_rules! handlers {
    ($($kind:ident $halves:literal $shape:ident($($meaning:tt)*);)*) => {
        static HANDLERS: [Handler; 256] = {
            let mut handlers: [Handler; 256] = [slow; 256];
            let mut rows = 0;
            $({
                fn handler<'a>(m: &mut State, slots: &'a Slots, position: Position, slot: Slot, f: &mut Fast<'a>) -> Leave {
                    handlers!(@$shape $halves (m slots position slot f) [$($meaning)*])
                }
                handlers[Kind::$kind as usize] = handler;
                rows += 1;
            })*
            handlers[Kind::Undecoded as usize] = undecoded;
            assert!(rows + 2 == KINDS, "each kind but Undecoded and Slow has one row");
            handlers
        };
    };
    // rd = f(rs1, rs2)
    (@register $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$meaning:expr]) => {{
        $m.x[$slot.rd()] = of($meaning, $m.x[$slot.rs1()], $m.x[$slot.rs2()]);
        dispatch($m, $slots, $position.advance($halves), $f)
    }};
    // rd = f(rs1, imm)
    (@immediate $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$meaning:expr]) => {{
        $m.x[$slot.rd()] = of($meaning, $m.x[$slot.rs1()], $slot.imm());
        dispatch($m, $slots, $position.advance($halves), $f)
    }};
    // rd = f(page of pc, imm)
    (@constant $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$meaning:expr]) => {{
        $m.x[$slot.rd()] = of($meaning, $m.base, $slot.imm());
        dispatch($m, $slots, $position.advance($halves), $f)
    }};
    (@nothing $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {{
        let _ = $slot;
        dispatch($m, $slots, $position.advance($halves), $f)
    }};
    // to a slot of this page, if f(rs1, rs2)
    (@branch $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$meaning:expr]) => {{
        if of($meaning, $m.x[$slot.rs1()], $m.x[$slot.rd()]) {
            dispatch($m, $slots, $position.jump($slot.imm()), $f)
        } else {
            dispatch($m, $slots, $position.advance($halves), $f)
        }
    }};
    // to an offset from this page, if f(rs1, rs2)
    (@far_branch $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$meaning:expr]) => {{
        if of($meaning, $m.x[$slot.rs1()], $m.x[$slot.rd()]) {
            go($m, $slots, $position, $m.base.wrapping_add($slot.imm()), $f)
        } else {
            dispatch($m, $slots, $position.advance($halves), $f)
        }
    }};
    (@jump $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {
        dispatch($m, $slots, $position.jump($slot.imm()), $f)
    };
    (@far_jump $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {
        go($m, $slots, $position, $m.base.wrapping_add($slot.imm()), $f)
    };
    (@call $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {{
        $m.x[$slot.rd()] = $m.base.wrapping_add(2 * ($position.at() + $halves));
        dispatch($m, $slots, $position.jump($slot.imm()), $f)
    }};
    (@far_call $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {{
        $m.x[$slot.rd()] = $m.base.wrapping_add(2 * ($position.at() + $halves));
        go($m, $slots, $position, $m.base.wrapping_add($slot.imm()), $f)
    }};
    (@indirect $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) []) => {{
        let target = $m.x[$slot.rs1()].wrapping_add($slot.imm()) & !1;
        if target & $f.misaligned != 0 {
            return leave($m, $position, Leave::Slow);
        }
        $m.x[$slot.rd()] = $m.base.wrapping_add(2 * ($position.at() + $halves));
        go($m, $slots, $position, target, $f)
    }};
    (@load $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$bytes:literal $meaning:expr]) => {
        load::<$bytes, $halves>($m, $slots, $position, $slot, $f, $meaning)
    };
    (@store $halves:literal ($m:ident $slots:ident $position:ident $slot:ident $f:ident) [$bytes:literal $meaning:expr]) => {
        store::<$bytes, $halves>($m, $slots, $position, $slot, $f, $meaning)
    };
}

handlers! {
    Nop    2 nothing();
    CNop   1 nothing();
    Const  2 constant(|_, value| value);
    CConst 1 constant(|_, value| value);
    Auipc  2 constant(|page, offset| page.wrapping_add(offset));

    J       2 jump();
    CJ      1 jump();
    JFar    2 far_jump();
    CJFar   1 far_jump();
    Jal     2 call();
    CJal    1 call();
    JalFar  2 far_call();
    CJalFar 1 far_call();
    Jalr    2 indirect();
    CJalr   1 indirect();

    Beq       2 branch(|a, b| a == b);
    Bne       2 branch(|a, b| a != b);
    Blt       2 branch(|a, b| (a as i32) < b as i32);
    Bge       2 branch(|a, b| a as i32 >= b as i32);
    Bltu      2 branch(|a, b| a < b);
    Bgeu      2 branch(|a, b| a >= b);
    CBeqz     1 branch(|a, _| a == 0);
    CBnez     1 branch(|a, _| a != 0);
    BeqFar    2 far_branch(|a, b| a == b);
    BneFar    2 far_branch(|a, b| a != b);
    BltFar    2 far_branch(|a, b| (a as i32) < b as i32);
    BgeFar    2 far_branch(|a, b| a as i32 >= b as i32);
    BltuFar   2 far_branch(|a, b| a < b);
    BgeuFar   2 far_branch(|a, b| a >= b);
    CBeqzFar  1 far_branch(|a, _| a == 0);
    CBnezFar  1 far_branch(|a, _| a != 0);

    Lb  2 load(1 |bytes| i8::from_le_bytes(bytes) as u32);
    Lh  2 load(2 |bytes| i16::from_le_bytes(bytes) as u32);
    Lw  2 load(4 u32::from_le_bytes);
    CLw 1 load(4 u32::from_le_bytes);
    Lbu 2 load(1 |bytes| u32::from(bytes[0]));
    Lhu 2 load(2 |bytes| u32::from(u16::from_le_bytes(bytes)));
    Sb  2 store(1 |value| (value as u8).to_le_bytes());
    Sh  2 store(2 |value| (value as u16).to_le_bytes());
    Sw  2 store(4 u32::to_le_bytes);
    CSw 1 store(4 u32::to_le_bytes);

    Addi  2 immediate(u32::wrapping_add);
    CAddi 1 immediate(u32::wrapping_add);
    Slti  2 immediate(|a, b| u32::from((a as i32) < b as i32));
    Sltiu 2 immediate(|a, b| u32::from(a < b));
    Xori  2 immediate(|a, b| a ^ b);
    Ori   2 immediate(|a, b| a | b);
    Andi  2 immediate(|a, b| a & b);
    CAndi 1 immediate(|a, b| a & b);
    Slli  2 immediate(|a, b| a << (b & 31));
    CSlli 1 immediate(|a, b| a << (b & 31));
    Srli  2 immediate(|a, b| a >> (b & 31));
    CSrli 1 immediate(|a, b| a >> (b & 31));
    Srai  2 immediate(|a, b| (a as i32 >> (b & 31)) as u32);
    CSrai 1 immediate(|a, b| (a as i32 >> (b & 31)) as u32);

    Add  2 register(u32::wrapping_add);
    CAdd 1 register(u32::wrapping_add);
    CMv  1 register(|_, b| b);
    Sub  2 register(u32::wrapping_sub);
    CSub 1 register(u32::wrapping_sub);
    Sll  2 register(|a, b| a << (b & 31));
    Slt  2 register(|a, b| u32::from((a as i32) < b as i32));
    Sltu 2 register(|a, b| u32::from(a < b));
    Xor  2 register(|a, b| a ^ b);
    CXor 1 register(|a, b| a ^ b);
    Srl  2 register(|a, b| a >> (b & 31));
    Sra  2 register(|a, b| (a as i32 >> (b & 31)) as u32);
    Or   2 register(|a, b| a | b);
    COr  1 register(|a, b| a | b);
    And  2 register(|a, b| a & b);
    CAnd 1 register(|a, b| a & b);

    Mul    2 register(u32::wrapping_mul);
    Mulh   2 register(alu::mulh);
    Mulhsu 2 register(alu::mulhsu);
    Mulhu  2 register(alu::mulhu);
    Div    2 register(alu::div);
    Divu   2 register(alu::divu);
    Rem    2 register(alu::rem);
    Remu   2 register(alu::remu);

    Sh1add 2 register(|a, b| (a << 1).wrapping_add(b));
    Sh2add 2 register(|a, b| (a << 2).wrapping_add(b));
    Sh3add 2 register(|a, b| (a << 3).wrapping_add(b));
    Andn   2 register(|a, b| a & !b);
    Orn    2 register(|a, b| a | !b);
    Xnor   2 register(|a, b| !(a ^ b));
    Max    2 register(|a, b| (a as i32).max(b as i32) as u32);
    Maxu   2 register(|a, b| a.max(b));
    Min    2 register(|a, b| (a as i32).min(b as i32) as u32);
    Minu   2 register(|a, b| a.min(b));
    Rol    2 register(|a, b| a.rotate_left(b & 31));
    Ror    2 register(|a, b| a.rotate_right(b & 31));
    Rori   2 immediate(|a, b| a.rotate_right(b & 31));
    Clz    2 immediate(|a, _| a.leading_zeros());
    Ctz    2 immediate(|a, _| a.trailing_zeros());
    Cpop   2 immediate(|a, _| a.count_ones());
    SextB  2 immediate(|a, _| a as i8 as u32);
    SextH  2 immediate(|a, _| a as i16 as u32);
    ZextH  2 immediate(|a, _| a & 0xffff);
    Rev8   2 immediate(|a, _| a.swap_bytes());
    OrcB   2 immediate(|a, _| alu::orc_b(a));
    Bclr   2 register(|a, b| a & !(1 << (b & 31)));
    Bclri  2 immediate(|a, b| a & !(1 << (b & 31)));
    Bext   2 register(|a, b| a >> (b & 31) & 1);
    Bexti  2 immediate(|a, b| a >> (b & 31) & 1);
    Binv   2 register(|a, b| a ^ 1 << (b & 31));
    Binvi  2 immediate(|a, b| a ^ 1 << (b & 31));
    Bset   2 register(|a, b| a | 1 << (b & 31));
    Bseti  2 immediate(|a, b| a | 1 << (b & 31));
}
