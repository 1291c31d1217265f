//! virtio devices, driven by a guest that does what a script in its memory says: so every ring, honest or hostile, is
//! written down byte by byte.

#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

mod common;
use common::*;
use hvcore::{DeviceConfig, DeviceKind, ExitReason, Hypervisor, HypervisorConfig, Stop, VmConfig, VmId};
use rv32::Op;

const SLOT: u32 = 0x1000_1000;
const SCRIPT: u32 = 0x2000;
const DESCRIPTORS: u32 = RAM + 0x1_0000;
const AVAILABLE: u32 = RAM + 0x1_1000;
const USED: u32 = RAM + 0x1_2000;
const HEADER: u32 = RAM + 0x1_3000;
const STATUS: u32 = RAM + 0x1_3100;
const TABLE: u32 = RAM + 0x1_8000;
const DATA: u32 = RAM + 0x4_0000;
const RAM_BYTES: u32 = 1 << 20;
const DISK_BYTES: usize = 64 * 512;

const NEXT: u16 = 1;
const WRITE: u16 = 2;
const INDIRECT: u16 = 4;

mod register {
    pub const DEVICE_FEATURES: u32 = 0x10;
    pub const FEATURES_SEL: u32 = 0x14;
    pub const DRIVER_FEATURES: u32 = 0x20;
    pub const DRIVER_SEL: u32 = 0x24;
    pub const QUEUE_SEL: u32 = 0x30;
    pub const QUEUE_MAX: u32 = 0x34;
    pub const QUEUE_NUM: u32 = 0x38;
    pub const QUEUE_PFN: u32 = 0x40;
    pub const QUEUE_READY: u32 = 0x44;
    pub const NOTIFY: u32 = 0x50;
    pub const INTERRUPTS: u32 = 0x60;
    pub const ACKNOWLEDGE: u32 = 0x64;
    pub const STATUS: u32 = 0x70;
    pub const DESC: u32 = 0x80;
    pub const AVAIL: u32 = 0x90;
    pub const USED: u32 = 0xa0;
    pub const CONFIG: u32 = 0x100;
}

/// What the guest does, in order.
#[derive(Clone, Default)]
struct Script {
    steps: Vec<[u32; 3]>,
    memory: Vec<(u32, Vec<u8>)>,
}

impl Script {
    /// Stores a word.
    fn sw(mut self, at: u32, value: u32) -> Script {
        self.steps.push([1, at, value]);
        self
    }
    /// Stores a half.
    fn sh(mut self, at: u32, value: u16) -> Script {
        self.steps.push([2, at, value.into()]);
        self
    }
    /// Loads a word; [`Done::loaded`] has them in order.
    fn lw(mut self, at: u32) -> Script {
        self.steps.push([3, at, 0]);
        self
    }
    /// Goes on for some 300,000 steps.
    fn spin(mut self) -> Script {
        self.steps.push([4, 150_000, 0]);
        self
    }
    /// What is in memory at the start.
    fn at(mut self, at: u32, bytes: impl Into<Vec<u8>>) -> Script {
        self.memory.push((at, bytes.into()));
        self
    }
    fn descriptor(self, index: u32, address: u64, length: u32, flags: u16, next: u16) -> Script {
        self.descriptor_in(DESCRIPTORS, index, address, length, flags, next)
    }
    fn descriptor_in(self, table: u32, index: u32, address: u64, length: u32, flags: u16, next: u16) -> Script {
        let bytes = [&address.to_le_bytes()[..], &length.to_le_bytes(), &flags.to_le_bytes(), &next.to_le_bytes()].concat();
        self.at(table + 16 * index, bytes)
    }
    /// The header of a block request.
    fn header(self, kind: u32, sector: u64) -> Script {
        self.at(HEADER, [&kind.to_le_bytes()[..], &[0; 4], &sector.to_le_bytes()].concat()).at(STATUS, [0xee])
    }
    /// Makes the chain that begins with a descriptor available and tells the device.
    fn submit(self, slot: u32, head: u16, index: u16) -> Script {
        self.sh(AVAILABLE + 4 + 2 * (u32::from(index) % 8), head).sh(AVAILABLE + 2, index.wrapping_add(1)).sw(slot + register::NOTIFY, 0)
    }
    /// Reset, features, one queue of 8 descriptors, ready.
    fn start(self, slot: u32) -> Script {
        self.start_with(slot, 0, 0)
    }
    fn start_with(self, slot: u32, features: u32, queue: u32) -> Script {
        self.sw(slot + register::STATUS, 0)
            .sw(slot + register::STATUS, 3)
            .sw(slot + register::DRIVER_SEL, 1)
            .sw(slot + register::DRIVER_FEATURES, 1)
            .sw(slot + register::DRIVER_SEL, 0)
            .sw(slot + register::DRIVER_FEATURES, features)
            .sw(slot + register::STATUS, 11)
            .place(slot, queue)
            .sw(slot + register::STATUS, 15)
    }
    fn place(self, slot: u32, queue: u32) -> Script {
        self.sw(slot + register::QUEUE_SEL, queue)
            .sw(slot + register::QUEUE_NUM, 8)
            .sw(slot + register::DESC, DESCRIPTORS)
            .sw(slot + register::AVAIL, AVAILABLE)
            .sw(slot + register::USED, USED)
            .sw(slot + register::QUEUE_READY, 1)
    }

    fn image(&self) -> Vec<u8> {
        let mut bytes = code(|c| {
            c.li(S0, RAM + SCRIPT);
            c.label("step");
            c.i(Op::Lw, T0, S0, 0);
            c.i(Op::Lw, T1, S0, 4);
            c.i(Op::Lw, T2, S0, 8);
            c.i(Op::Addi, S0, S0, 12);
            c.branch(Op::Beq, T0, ZERO, "end");
            c.i(Op::Addi, T0, T0, -1);
            c.branch(Op::Beq, T0, ZERO, "word");
            c.i(Op::Addi, T0, T0, -1);
            c.branch(Op::Beq, T0, ZERO, "half");
            c.i(Op::Addi, T0, T0, -1);
            c.branch(Op::Bne, T0, ZERO, "spin");
            c.i(Op::Lw, T2, T1, 0);
            c.s(Op::Sw, T2, S0, -4);
            c.j("step");
            c.label("spin");
            c.i(Op::Addi, T1, T1, -1);
            c.branch(Op::Bne, T1, ZERO, "spin");
            c.j("step");
            c.label("word");
            c.s(Op::Sw, T2, T1, 0);
            c.j("step");
            c.label("half");
            c.s(Op::Sh, T2, T1, 0);
            c.j("step");
            c.label("end");
            c.exit(0);
        });
        assert!(bytes.len() <= SCRIPT as usize);
        let mut put = |at: u32, part: &[u8]| {
            let at = at as usize;
            bytes.resize(bytes.len().max(at + part.len()), 0);
            bytes[at..at + part.len()].copy_from_slice(part);
        };
        let steps: Vec<u8> = self.steps.iter().flatten().flat_map(|word| word.to_le_bytes()).chain([0; 12]).collect();
        put(SCRIPT, &steps);
        for (at, part) in &self.memory {
            put(at - RAM, part);
        }
        bytes
    }
}

struct Done {
    ran: Ran,
    steps: Vec<[u32; 3]>,
}

impl Done {
    fn loaded(&self) -> Vec<u32> {
        let loads = self.steps.iter().enumerate().filter(|(_, step)| step[0] == 3);
        loads.map(|(index, _)| self.ran.word(RAM + SCRIPT + 12 * index as u32 + 8)).collect()
    }
    fn byte(&self, at: u32) -> u8 {
        self.ran.word(at & !3).to_le_bytes()[at as usize % 4]
    }
    fn used_index(&self) -> u16 {
        (self.ran.word(USED) >> 16) as u16
    }
}

fn disk(legacy: bool, read_only: bool) -> DeviceConfig {
    DeviceConfig { kind: DeviceKind::Block { sectors: (DISK_BYTES / 512) as u64, read_only }, legacy }
}

fn numbered_disk() -> Vec<u8> {
    (0..DISK_BYTES).map(|at| (at / 512 * 7 + at % 251) as u8).collect()
}

fn go(script: &Script, devices: Vec<DeviceConfig>, door: TestDoor) -> Done {
    let config = VmConfig { ram_bytes: RAM_BYTES, devices, max_steps: Some(1_000_000), ..VmConfig::virt("virtio") };
    Done { ran: run_config(&script.image(), config, door), steps: script.steps.clone() }
}

fn with_disk(script: &Script) -> Done {
    go(script, vec![disk(false, false)], TestDoor { disk: numbered_disk(), ..TestDoor::default() })
}

/// A request of header, data, status.
fn request(script: Script, kind: u32, sector: u64, data_flags: u16, length: u32) -> Script {
    script
        .header(kind, sector)
        .descriptor(0, HEADER.into(), 16, NEXT, 1)
        .descriptor(1, DATA.into(), length, NEXT | data_flags, 2)
        .descriptor(2, STATUS.into(), 1, WRITE, 0)
}

#[test]
fn the_registers_say_what_is_there() {
    let script = Script::default()
        .lw(SLOT)
        .lw(SLOT + 4)
        .lw(SLOT + 8)
        .lw(SLOT + 0xc)
        .lw(SLOT + register::QUEUE_MAX)
        .lw(SLOT + register::CONFIG)
        .sw(SLOT + register::QUEUE_SEL, 1)
        .lw(SLOT + register::QUEUE_MAX)
        .sw(SLOT + register::FEATURES_SEL, 1)
        .lw(SLOT + register::DEVICE_FEATURES)
        .lw(SLOT + 0x1000)
        .lw(SLOT + 0x1008)
        .lw(SLOT + 0x2004)
        .lw(SLOT + 0x2008);
    let devices = vec![disk(false, false), DeviceConfig { kind: DeviceKind::Entropy, legacy: true }];
    let done = go(&script, devices, TestDoor { disk: numbered_disk(), ..TestDoor::default() });
    assert_eq!(done.ran.code(), 0);
    let virt = u32::from_le_bytes(*b"virt");
    assert_eq!(done.loaded(), [virt, 2, 2, u32::from_le_bytes(*b"QEMU"), 256, 64, 0, 1, virt, 4, 2, 0]);
}

#[test]
fn a_disk_reads_writes_flushes_discards_and_tells_its_name() {
    let read = with_disk(&request(Script::default().start(SLOT), 0, 3, WRITE, 1024).submit(SLOT, 0, 0).lw(SLOT + register::INTERRUPTS));
    assert_eq!((read.ran.code(), read.byte(STATUS), read.used_index(), read.ran.word(USED + 8)), (0, 0, 1, 1025));
    assert_eq!(read.loaded(), [1]);
    let expected = numbered_disk();
    assert!((0..1024).all(|at| read.byte(DATA + at) == expected[3 * 512 + at as usize]));

    let write = with_disk(&request(Script::default().start(SLOT), 1, 62, 0, 1024).at(DATA, vec![0x5a; 1024]).submit(SLOT, 0, 0));
    assert_eq!((write.byte(STATUS), write.ran.word(USED + 8)), (0, 1));
    assert_eq!(write.ran.door.disk[62 * 512..], [0x5a; 1024]);
    assert_eq!(write.ran.door.disk[..62 * 512], expected[..62 * 512]);

    let flush = with_disk(&request(Script::default().start(SLOT), 4, 0, 0, 0).submit(SLOT, 0, 0));
    assert_eq!((flush.byte(STATUS), flush.ran.door.flushes), (0, 1));

    let name = with_disk(&request(Script::default().start(SLOT), 8, 0, WRITE, 20).submit(SLOT, 0, 0));
    assert_eq!((name.byte(STATUS), name.ran.word(DATA), name.ran.word(USED + 8)), (0, u32::from_le_bytes(*b"hvki"), 21));

    let range = |sector: u64, count: u32, flags: u32| [&sector.to_le_bytes()[..], &count.to_le_bytes(), &flags.to_le_bytes()].concat();
    for (kind, flags, status) in [(11, 0, 0), (13, 0, 0), (13, 1, 0), (11, 1, 2), (13, 2, 2)] {
        let ranges = [range(1, 2, flags), range(8, 1, flags)].concat();
        let done = with_disk(&request(Script::default().start(SLOT), kind, 0, 0, 32).at(DATA, ranges).submit(SLOT, 0, 0));
        assert_eq!(done.byte(STATUS), status, "kind {kind}, flags {flags}");
        let zero = |sector: usize| done.ran.door.disk[sector * 512..][..512].iter().all(|&byte| byte == 0);
        assert_eq!((zero(0), zero(1), zero(2), zero(3), zero(8)), (false, status == 0, status == 0, false, status == 0));
    }
}

#[test]
fn a_legacy_disk_has_its_queue_at_one_address_in_pages_or_bytes() {
    // The three parts one behind the other, the used ring on a page of its own, as §2.7.2 has it.
    let queue = RAM + 0x2_0000;
    let tell = |script: Script, page_size: Option<u32>| match page_size {
        Some(bytes) => script.sw(SLOT + 0x28, bytes),
        None => script,
    };
    for (page_size, before_reset, pfn) in [(Some(4096), false, queue >> 12), (Some(4096), true, queue >> 12), (None, false, queue)] {
        let mut script = tell(Script::default(), page_size.filter(|_| before_reset)).sw(SLOT + register::STATUS, 0).sw(SLOT + register::STATUS, 3);
        script = tell(script, page_size.filter(|_| !before_reset))
            .sw(SLOT + register::QUEUE_SEL, 0)
            .sw(SLOT + register::QUEUE_NUM, 8)
            .sw(SLOT + 0x3c, if page_size.is_some() { 4096 } else { 0 })
            .sw(SLOT + register::QUEUE_PFN, pfn)
            .lw(SLOT + register::QUEUE_PFN)
            .sw(SLOT + register::STATUS, 7)
            .header(0, 5)
            .descriptor_in(queue, 0, HEADER.into(), 16, NEXT, 1)
            .descriptor_in(queue, 1, DATA.into(), 512, NEXT | WRITE, 2)
            .descriptor_in(queue, 2, STATUS.into(), 1, WRITE, 0)
            .sh(queue + 8 * 16 + 4, 0)
            .sh(queue + 8 * 16 + 2, 1)
            .sw(SLOT + register::NOTIFY, 0)
            .lw(SLOT + register::INTERRUPTS);
        let done = go(&script, vec![disk(true, false)], TestDoor { disk: numbered_disk(), ..TestDoor::default() });
        assert_eq!((done.ran.code(), done.byte(STATUS), done.loaded()), (0, 0, vec![pfn, 1]));
        assert_eq!(done.ran.word(queue + 4096) >> 16, 1, "used");
        assert_eq!(done.byte(DATA), numbered_disk()[5 * 512]);
    }
}

#[test]
fn requests_that_a_disk_cannot_do_get_an_error_and_nothing_happens() {
    let mut cases = 0;
    let huge = 1 << 63;
    for (kind, sector, flags, length, status) in [
        (0, 64, WRITE, 512, 1),           // behind the end
        (0, 63, WRITE, 1024, 1),          // partly
        (0, huge, WRITE, 512, 1),
        (0, u64::MAX, WRITE, 512, 1),
        (0, u64::MAX / 512, WRITE, 512, 1),
        (1, u64::MAX, 0, 512, 1),
        (0, 0, WRITE, 511, 1),            // no whole sector
        (1, 0, 0, 513, 1),
        (2, 0, 0, 512, 2),                // kinds that there are not
        (99, 0, WRITE, 512, 2),
        (u32::MAX, 0, 0, 512, 2),
        (11, 0, 0, 0, 1),                 // no range
        (11, 0, 0, 17, 1),
        (13, 0, 0, 16 * 17, 1),           // too many
    ] {
        let done = with_disk(&request(Script::default().start(SLOT), kind, sector, flags, length).submit(SLOT, 0, 0).lw(SLOT + register::STATUS));
        assert_eq!((done.ran.code(), done.byte(STATUS), done.loaded()), (0, status, vec![15]), "kind {kind} sector {sector:#x} length {length}");
        assert_eq!(done.ran.door.disk, numbered_disk());
        cases += 1;
    }
    for (kind, flags) in [(1, 0), (11, 0), (13, 0)] {
        let script = request(Script::default().start(SLOT), kind, 0, flags, 512).submit(SLOT, 0, 0);
        let done = go(&script, vec![disk(false, true)], TestDoor { disk: numbered_disk(), ..TestDoor::default() });
        assert_eq!((done.byte(STATUS), &done.ran.door.disk), (1, &numbered_disk()), "a read-only disk");
        cases += 1;
    }
    for kind in [0, 1, 4] {
        let script = request(Script::default().start(SLOT), kind, 4, if kind == 0 { WRITE } else { 0 }, if kind == 4 { 0 } else { 8192 }).submit(SLOT, 0, 0);
        let done = go(&script, vec![disk(false, false)], TestDoor { disk: numbered_disk(), broken_from: Some(20 * 512), ..TestDoor::default() });
        assert_eq!((done.ran.code(), done.byte(STATUS)), (0, if kind == 4 { 1 } else { 0 }.max(u8::from(8192 + 4 * 512 > 20 * 512))), "a disk that fails");
        cases += 1;
    }
    println!("{cases} impossible requests");
}

/// Hostile rings: each must leave the device broken and the rest of the machine as it is.
#[test]
fn hostile_queues_break_their_device_and_nothing_else() {
    let good = || request(Script::default().start(SLOT), 0, 0, WRITE, 512);
    let mut cases: Vec<(&str, Script)> = vec![
        ("a loop of two", good().descriptor(1, DATA.into(), 512, NEXT, 0).submit(SLOT, 0, 0)),
        ("a loop of one", good().descriptor(0, HEADER.into(), 16, NEXT, 0).submit(SLOT, 0, 0)),
        ("next out of the table", good().descriptor(1, DATA.into(), 512, NEXT | WRITE, 8).submit(SLOT, 0, 0)),
        ("next far out of the table", good().descriptor(1, DATA.into(), 512, NEXT | WRITE, 65535).submit(SLOT, 0, 0)),
        ("a head out of the table", good().submit(SLOT, 8, 0)),
        ("a head far out of the table", good().submit(SLOT, 60000, 0)),
        ("readable behind writable", good().descriptor(2, STATUS.into(), 1, 0, 0).submit(SLOT, 0, 0)),
        ("a header that is too short", good().descriptor(0, HEADER.into(), 15, NEXT, 1).submit(SLOT, 0, 0)),
        ("no room for the status", good().descriptor(0, HEADER.into(), 16, 0, 0).submit(SLOT, 0, 0)),
        ("index jump", good().sh(AVAILABLE + 2, 5000).sw(SLOT + register::NOTIFY, 0)),
        ("index jump by nine", good().sh(AVAILABLE + 2, 9).sw(SLOT + register::NOTIFY, 0)),
        ("length wraps", good().descriptor(1, DATA.into(), u32::MAX, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("4 GiB in two parts", good().descriptor(0, HEADER.into(), 0x8000_0000, NEXT, 1).descriptor(1, HEADER.into(), 0x8000_0000, NEXT, 2).submit(SLOT, 0, 0)),
        ("address wraps", good().descriptor(1, u64::MAX - 4, 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("above 32 bits", good().descriptor(1, (1 << 32) + u64::from(DATA), 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("in the UART", good().descriptor(1, UART.into(), 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("in the virtio window", good().descriptor(1, SLOT.into(), 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("in the boot ROM", good().descriptor(0, 0x1000, 16, NEXT, 1).submit(SLOT, 0, 0)),
        ("below RAM", good().descriptor(1, u64::from(RAM) - 256, 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("over the end of RAM", good().descriptor(1, u64::from(RAM + RAM_BYTES) - 256, 512, NEXT | WRITE, 2).submit(SLOT, 0, 0)),
        ("an indirect table of odd size", good().descriptor(0, TABLE.into(), 24, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("an indirect table of no size", good().descriptor(0, TABLE.into(), 0, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("an indirect table outside RAM", good().descriptor(0, 0x4000_0000, 64, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("an indirect table above 32 bits", good().descriptor(0, 1 << 40, 64, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("an indirect table in another", good().descriptor(0, TABLE.into(), 64, INDIRECT, 0).descriptor_in(TABLE, 0, u64::from(TABLE) + 64, 64, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("an indirect table in itself", good().descriptor(0, TABLE.into(), 64, INDIRECT, 0).descriptor_in(TABLE, 0, TABLE.into(), 64, INDIRECT, 0).submit(SLOT, 0, 0)),
        ("descriptors outside RAM", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::DESC, 0x4000_0000).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("descriptors above 32 bits", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::DESC + 4, 1).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("descriptors over the end of RAM", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::DESC, RAM + RAM_BYTES - 64).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("available ring in a device", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::AVAIL, PLIC).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("used ring in the boot ROM", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::USED, 0x1000).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("unaligned descriptors", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::DESC, DESCRIPTORS + 8).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("unaligned available ring", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::AVAIL, AVAILABLE + 1).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
        ("unaligned used ring", good().sw(SLOT + register::QUEUE_READY, 0).sw(SLOT + register::USED, USED + 2).sw(SLOT + register::QUEUE_READY, 1).submit(SLOT, 0, 0)),
    ];
    // 65,535 descriptors in one indirect table, which all of RAM could not hold at their lengths.
    let mut long = good().descriptor(0, TABLE.into(), 65535 * 16, INDIRECT, 0);
    for index in 0..300 {
        long = long.descriptor_in(TABLE, index, DATA.into(), 0x1_0000, NEXT, index as u16 + 1);
    }
    cases.push(("an indirect table of 65,535", long.submit(SLOT, 0, 0)));
    let quiet = alone(&Script::default());
    for (name, script) in &cases {
        let script = script.clone().lw(SLOT + register::STATUS).lw(SLOT + register::INTERRUPTS).submit(SLOT, 0, 1).sw(SLOT + register::STATUS, 0).lw(SLOT + register::STATUS).lw(SLOT + 0x70);
        let (done, other) = beside(&script);
        assert_eq!(done.ran.code(), 0, "{name}");
        assert_eq!(done.loaded()[..3], [0x4f, 2, 0], "{name}: the device needs a reset, says so, and has one");
        assert_eq!(done.ran.door.disk, numbered_disk(), "{name}: nothing was written");
        assert_eq!(other, quiet, "{name}: the other guest");
    }
    println!("{} hostile queues", cases.len());
}

/// A guest with a disk and another one beside it, whose state hash is given.
fn beside(script: &Script) -> (Done, [u8; 32]) {
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    let config = VmConfig { ram_bytes: RAM_BYTES, devices: vec![disk(false, false)], max_steps: Some(1_000_000), ..VmConfig::virt("virtio") };
    let id = hypervisor.add_vm(image(&script.image()), config).expect("taken");
    let other = hypervisor.add_vm(image(&neighbour(RAM + 0x4000, 20_000)), small("neighbour")).expect("taken");
    let ran = finish(hypervisor, TestDoor { disk: numbered_disk(), ..TestDoor::default() });
    assert_eq!(id, VmId(0));
    let hash = ran.hypervisor.state_hash(other);
    (Done { ran, steps: script.steps.clone() }, hash)
}

fn alone(script: &Script) -> [u8; 32] {
    beside(script).1
}

#[test]
fn a_device_that_overwrites_its_own_ring_ends() {
    // The request's data lie over the available ring: what the disk holds there are more and more requests.
    let mut disk = numbered_disk();
    for (sector, part) in disk.chunks_mut(512).enumerate() {
        part[..2].copy_from_slice(&0u16.to_le_bytes());
        part[2..4].copy_from_slice(&(sector as u16 + 8).to_le_bytes());
        part[4..].fill(0);
    }
    let script = request(Script::default().start(SLOT), 0, 0, WRITE, 512)
        .descriptor(1, AVAILABLE.into(), 512, NEXT | WRITE, 2)
        .submit(SLOT, 0, 0)
        .lw(SLOT + register::STATUS);
    let done = go(&script, vec![self::disk(false, false)], TestDoor { disk, ..TestDoor::default() });
    assert_eq!(done.ran.code(), 0);
    assert!(done.used_index() <= 8);
}

#[test]
fn features_that_are_not_offered_are_not_ok_and_ready_twice_changes_nothing() {
    let script = Script::default()
        .sw(SLOT + register::STATUS, 3)
        .sw(SLOT + register::DRIVER_FEATURES, 1 << 3)
        .sw(SLOT + register::STATUS, 11)
        .lw(SLOT + register::STATUS);
    assert_eq!(with_disk(&script).loaded(), [3]);
    let script = request(Script::default().start(SLOT), 0, 0, WRITE, 512)
        .sw(SLOT + register::DESC, 0x1234_5678) // a queue in use cannot be moved
        .sw(SLOT + register::QUEUE_NUM, 4)
        .sw(SLOT + register::QUEUE_READY, 1)
        .submit(SLOT, 0, 0)
        .lw(SLOT + register::STATUS)
        .sw(SLOT + register::ACKNOWLEDGE, 1)
        .lw(SLOT + register::INTERRUPTS);
    let done = with_disk(&script);
    assert_eq!((done.byte(STATUS), done.loaded()), (0, vec![15, 0]));
}

#[test]
fn the_driver_may_ask_not_to_be_interrupted() {
    let quiet = request(Script::default().start(SLOT), 0, 0, WRITE, 512).sh(AVAILABLE, 1).submit(SLOT, 0, 0).lw(SLOT + register::INTERRUPTS);
    assert_eq!((with_disk(&quiet).loaded(), with_disk(&quiet).used_index()), (vec![0], 1));
    // With VIRTIO_RING_F_EVENT_IDX the driver says after which request (§2.7.10): here the second.
    let events = |script: Script| script.sh(AVAILABLE + 4 + 16, 1);
    let script = events(request(Script::default().start_with(SLOT, 1 << 29, 0), 0, 0, WRITE, 512)).submit(SLOT, 0, 0).lw(SLOT + register::INTERRUPTS);
    let script = script.submit(SLOT, 0, 1).lw(SLOT + register::INTERRUPTS);
    let done = with_disk(&script);
    assert_eq!((done.loaded(), done.used_index()), (vec![0, 1], 2));
    assert_eq!(done.ran.word(USED + 4 + 64) & 0xffff, 2, "the device asks to be told of the third");
}

#[test]
fn a_driver_that_does_not_acknowledge_is_interrupted_once_for_each_completion() {
    const CLAIM: u32 = 0x0c20_1004;
    let claim = |script: Script| script.lw(CLAIM).sw(CLAIM, 1).lw(CLAIM);
    let script = request(Script::default().start(SLOT), 0, 0, WRITE, 512).sw(0x0c00_0004, 1).sw(0x0c00_2080, 2);
    let script = claim(claim(script.submit(SLOT, 0, 0)).submit(SLOT, 0, 1));
    // One cause of two is acknowledged: the other interrupts again.
    let script = claim(script.sh(AVAILABLE + 4 + 4, 99).sh(AVAILABLE + 2, 3).sw(SLOT + register::NOTIFY, 0)).sw(SLOT + register::ACKNOWLEDGE, 1);
    let done = with_disk(&claim(script).sw(SLOT + register::ACKNOWLEDGE, 2).lw(CLAIM));
    assert_eq!(done.loaded(), [1, 0, 1, 0, 1, 0, 1, 0, 0]);
}

#[test]
fn indirect_tables_work() {
    let script = Script::default()
        .start(SLOT)
        .header(0, 2)
        .descriptor(5, TABLE.into(), 48, INDIRECT, 0)
        .descriptor_in(TABLE, 0, HEADER.into(), 16, NEXT, 1)
        .descriptor_in(TABLE, 1, u64::from(DATA) + 4000, 1024, NEXT | WRITE, 2)
        .descriptor_in(TABLE, 2, STATUS.into(), 1, WRITE, 0)
        .submit(SLOT, 5, 0);
    let done = with_disk(&script);
    assert_eq!((done.byte(STATUS), done.ran.word(USED + 4), done.ran.word(USED + 8)), (0, 5, 1025));
    assert!((0..1024).all(|at| done.byte(DATA + 4000 + at) == numbered_disk()[1024 + at as usize]), "across a page");
}

#[test]
fn entropy_gives_the_guests_own_stream() {
    let script = Script::default().start(SLOT).descriptor(0, DATA.into(), 64, WRITE, 0).submit(SLOT, 0, 0);
    let entropy = || vec![DeviceConfig { kind: DeviceKind::Entropy, legacy: false }];
    let [a, b] = [(), ()].map(|()| go(&script, entropy(), TestDoor::default()));
    assert_eq!(a.ran.word(USED + 8), 64);
    let words: Vec<u32> = (0..16).map(|i| a.ran.word(DATA + 4 * i)).collect();
    assert!(words.iter().all(|&word| word != 0), "{words:x?}");
    assert_eq!(a.ran.hypervisor.state_hash(VmId(0)), b.ran.hypervisor.state_hash(VmId(0)));
}

#[test]
fn a_console_writes_and_receives_by_interrupt() {
    let console = || vec![DeviceConfig { kind: DeviceKind::Console, legacy: false }];
    let output = Script::default().start_with(SLOT, 0, 1).at(DATA, *b"by virtio").descriptor(0, DATA.into(), 9, 0, 0).sh(AVAILABLE + 2, 1).sw(SLOT + register::NOTIFY, 1);
    let done = go(&output, console(), TestDoor::default());
    assert_eq!((done.ran.output(), done.used_index()), (&b"by virtio"[..], 1));
    // Input comes when the driver has given a buffer, and no more than fits.
    let input = Script::default().start_with(SLOT, 0, 0).descriptor(0, DATA.into(), 5, WRITE, 0);
    // Not before the driver has had time to begin.
    let early = input.clone().submit(SLOT, 0, 0).submit(SLOT, 0, 1);
    assert_eq!(go(&early, console(), TestDoor { input: b"typed in".to_vec(), ..TestDoor::default() }).used_index(), 0);
    let input = input.spin().submit(SLOT, 0, 0).submit(SLOT, 0, 1);
    let done = go(&input, console(), TestDoor { input: b"typed in".to_vec(), ..TestDoor::default() });
    assert_eq!((done.used_index(), done.ran.word(USED + 8), done.ran.word(USED + 16)), (2, 5, 3));
    assert_eq!(done.ran.word(DATA).to_le_bytes(), *b" ine");
    // The UART printed last: the input is for it, until the virtio console prints.
    let uart = |script: Script| script.sw(0x1000_0000, b'?'.into());
    let input = |script: Script| script.spin().submit(SLOT, 0, 0).lw(0x1000_0000).lw(0x1000_0000);
    let script = uart(Script::default().start_with(SLOT, 0, 0).descriptor(0, DATA.into(), 5, WRITE, 0));
    let done = go(&input(script), console(), TestDoor { input: b"typed in".to_vec(), ..TestDoor::default() });
    assert_eq!((done.used_index(), done.loaded()), (0, vec![b't'.into(), b'y'.into()]));
}

#[test]
fn input_goes_to_the_console_that_printed_last() {
    // Queue 0 receives, queue 1 (its rings 4 KiB further on) transmits.
    let (table, available) = (DESCRIPTORS + 0x4000, AVAILABLE + 0x4000);
    let console = DeviceConfig { kind: DeviceKind::Console, legacy: false };
    for by_virtio in [false, true] {
        let mut script = Script::default()
            .start_with(SLOT, 0, 0)
            .sw(SLOT + register::QUEUE_SEL, 1)
            .sw(SLOT + register::QUEUE_NUM, 8)
            .sw(SLOT + register::DESC, table)
            .sw(SLOT + register::AVAIL, available)
            .sw(SLOT + register::USED, USED + 0x4000)
            .sw(SLOT + register::QUEUE_READY, 1)
            .descriptor(0, DATA.into(), 5, WRITE, 0)
            .descriptor_in(table, 0, HEADER.into(), 2, 0, 0)
            .at(HEADER, *b"$ ")
            .sw(0x1000_0000, b'?'.into())
            .submit(SLOT, 0, 0);
        if by_virtio {
            script = script.sh(available + 2, 1).sw(SLOT + register::NOTIFY, 1);
        }
        let done = go(&script.spin(), vec![console.clone()], TestDoor { input: b"typed in".to_vec(), ..TestDoor::default() });
        assert_eq!((done.ran.output(), done.used_index()), if by_virtio { (&b"?$ "[..], 1) } else { (&b"?"[..], 0) });
    }
}

#[test]
fn the_balloon_gives_frames_back_and_they_come_again_as_zeroes() {
    let balloon = vec![DeviceConfig { kind: DeviceKind::Balloon { wanted: 3 }, legacy: false }];
    let pages = [DATA >> 12, (DATA >> 12) + 1, 0x1234, u32::MAX, (RAM + RAM_BYTES) >> 12];
    let script = Script::default()
        .start(SLOT)
        .at(DATA, *b"some words")
        .at(DATA + 4096, *b"and more")
        .lw(DATA)
        .lw(DATA + 4096)
        .lw(SLOT + register::CONFIG)
        .at(HEADER, pages.iter().flat_map(|page| page.to_le_bytes()).collect::<Vec<_>>())
        .descriptor(0, HEADER.into(), 4 * pages.len() as u32, 0, 0)
        .submit(SLOT, 0, 0)
        .sw(SLOT + register::CONFIG + 4, 2)
        .lw(SLOT + register::CONFIG + 4);
    let done = go(&script, balloon.clone(), TestDoor::default());
    assert_eq!((done.ran.code(), done.used_index(), done.loaded()[2..].to_vec()), (0, 1, vec![3, 2]));
    let before = done.ran.count(ExitReason::PageFault);
    let again = go(&script.lw(DATA).lw(DATA + 4096), balloon, TestDoor::default());
    assert_eq!(again.loaded()[4..], [0, 0], "not what the image has there");
    assert_eq!(again.ran.count(ExitReason::PageFault), before + 2, "they are given for the first time once more");
}

#[test]
fn when_no_frame_is_left_the_guest_stops_and_the_others_go_on() {
    let script = request(Script::default().start(SLOT), 0, 0, WRITE, DISK_BYTES as u32).submit(SLOT, 0, 0);
    let mut hypervisor = Hypervisor::new(HypervisorConfig { host_memory_bytes: 12 * 4096, ..HypervisorConfig::virt() });
    let config = VmConfig { ram_bytes: RAM_BYTES, devices: vec![disk(false, false)], ..VmConfig::virt("virtio") };
    hypervisor.add_vm(image(&neighbour(RAM + 0x4000, 20_000)), small("neighbour")).expect("taken");
    hypervisor.add_vm(image(&script.image()), config).expect("taken");
    let ran = finish(hypervisor, TestDoor { disk: numbered_disk(), ..TestDoor::default() });
    let stop = ran.hypervisor.vms()[1].stop();
    assert!(matches!(stop, Some(Stop::HostMemoryExhausted { .. })), "{stop:?}");
    assert_eq!(ran.code(), 0, "the other one");
}
