//! More guest memory than host memory: pages are shared, copied, put away and brought back, and no guest can tell.

#![expect(clippy::print_stdout, reason = "how many cases were tried is part of the result")]

mod common;
use common::*;
use hvcore::{DeviceConfig, DeviceKind, EngineKind, ExitReason, Hypervisor, HypervisorConfig, Share, Stop, Swap, SwapFailed, VmConfig, VmId};
use rv32::Op;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Tests that run under each engine.
macro_rules! under_each_engine {
    ($($name:ident)*) => {
        mod stepper { $(#[test] fn $name() { super::$name(super::EngineKind::Stepper); })* }
        mod cached { $(#[test] fn $name() { super::$name(super::EngineKind::Cached); })* }
    };
}

under_each_engine! {
    four_classic_guests_are_the_same_with_and_without_pressure
    an_instruction_that_needs_more_pages_than_there_are_ends_its_guest
    swap_that_fails_ends_those_who_need_it_and_nobody_else
    guests_of_one_image_share_what_they_do_not_write
    a_page_table_in_the_image_gets_its_bits
    reserve_and_limit_are_kept
    devices_work_under_pressure
}

fn machine(engine: EngineKind, config: HypervisorConfig) -> Hypervisor {
    Hypervisor::with_engine(config, engine.into())
}

/// Swap in memory, which can be broken.
#[derive(Clone, Debug, Default)]
struct TestSwap {
    pages: Rc<RefCell<Vec<[u8; 4096]>>>,
    /// Slots from here on cannot be written.
    full_from: Option<u32>,
    unreadable: bool,
    /// The n-th page that is read is another one than was written.
    damaged: Rc<Cell<Option<u32>>>,
}

impl Swap for TestSwap {
    fn write(&self, slot: u32, page: &[u8; 4096]) -> Result<(), SwapFailed> {
        if self.full_from.is_some_and(|from| slot >= from) {
            return Err(SwapFailed);
        }
        let mut pages = self.pages.borrow_mut();
        let length = pages.len().max(slot as usize + 1);
        pages.resize(length, [0; 4096]);
        pages[slot as usize] = *page;
        Ok(())
    }
    fn read(&self, slot: u32, page: &mut [u8; 4096]) -> Result<(), SwapFailed> {
        if self.unreadable {
            return Err(SwapFailed);
        }
        *page = self.pages.borrow()[slot as usize];
        match self.damaged.get() {
            Some(0) => page[77] ^= 1,
            Some(left) => self.damaged.set(Some(left - 1)),
            None => {}
        }
        Ok(())
    }
}

/// Writes and reads all of its `pages` pages again and again, a sum of what it reads in a1.
fn toucher(pages: u32, rounds: u32) -> Vec<u8> {
    code(|c| {
        c.li(S0, rounds);
        c.li(S3, 0x1000);
        c.label("round");
        c.li(S1, RAM + 0xf00);
        c.li(S2, pages);
        c.label("next");
        c.i(Op::Lw, T0, S1, 0);
        c.r(Op::Add, A1, A1, T0);
        c.r(Op::Add, T0, T0, S0);
        c.i(Op::Addi, T0, T0, 1);
        c.s(Op::Sw, T0, S1, 0);
        c.r(Op::Add, S1, S1, S3);
        c.i(Op::Addi, S2, S2, -1);
        c.branch(Op::Bne, S2, ZERO, "next");
        c.i(Op::Addi, S0, S0, -1);
        c.branch(Op::Bne, S0, ZERO, "round");
        c.i(Op::Addi, A0, ZERO, 7);
        c.exit_a0();
    })
}

/// Four guests of the classic machine that each touch all of their memory.
fn four(engine: EngineKind, host_frames: u64, swap: Option<TestSwap>, rounds: u32) -> Ran {
    let mut hypervisor = machine(engine, HypervisorConfig { host_memory_bytes: host_frames * 4096, ..HypervisorConfig::classic() });
    if let Some(swap) = swap {
        hypervisor.set_swap(Box::new(swap));
    }
    let image = image(&toucher(4, rounds));
    for number in 0..4 {
        let config = VmConfig { max_steps: Some(10_000_000), ..VmConfig::classic(&format!("guest-{number}")) };
        hypervisor.add_vm(image.clone(), config).expect("taken");
    }
    finish(hypervisor, TestDoor::default())
}

fn hashes(ran: &Ran) -> Vec<[u8; 32]> {
    ran.hypervisor.vms().iter().map(|vm| ran.hypervisor.state_hash(vm.id())).collect()
}

fn four_classic_guests_are_the_same_with_and_without_pressure(engine: EngineKind) {
    let roomy = four(engine, 16, None, 3000);
    assert_eq!(roomy.hypervisor.host_memory().frames_in_use(), 16);
    for frames in [15, 12, 8, 4, 3, 2] {
        let tight = four(engine, frames, Some(TestSwap::default()), 3000);
        let pool = tight.hypervisor.host_memory();
        assert_eq!(hashes(&tight), hashes(&roomy), "{frames} frames");
        assert!(pool.frames_in_use() <= frames as u32);
        let events = pool.events();
        assert!(tight.hypervisor.vms().iter().all(|vm| vm.stop() == Some(&Stop::Exit { code: 7 })), "{frames} frames");
        assert!(events.evictions > 0 && events.reloads > 0 && events.failures == 0, "{events:?}");
        let touched: Vec<u64> = tight.hypervisor.vms().iter().map(|vm| vm.counts().get(ExitReason::PageFault)).collect();
        assert_eq!(touched, [4; 4], "pages given for the first time");
    }
}

fn an_instruction_that_needs_more_pages_than_there_are_ends_its_guest(engine: EngineKind) {
    let program = toucher(4, 10);
    let mut hypervisor = machine(engine, HypervisorConfig { host_memory_bytes: 4096, ..HypervisorConfig::virt() });
    hypervisor.set_swap(Box::new(TestSwap::default()));
    hypervisor.add_vm(image(&program), VmConfig { ram_bytes: 16384, max_steps: Some(100_000), ..VmConfig::virt("tiny") }).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    assert!(matches!(ran.stop(), Stop::HostMemoryExhausted { .. }), "{}", ran.stop());
}

fn swap_that_fails_ends_those_who_need_it_and_nobody_else(engine: EngineKind) {
    let roomy = four(engine, 16, None, 3000);
    let mut cases = 0;
    for (name, swap) in [
        ("none", None),
        ("full at once", Some(TestSwap { full_from: Some(0), ..TestSwap::default() })),
        ("full after two", Some(TestSwap { full_from: Some(2), ..TestSwap::default() })),
        ("unreadable", Some(TestSwap { unreadable: true, ..TestSwap::default() })),
        ("damaged", Some(TestSwap { damaged: Rc::new(Cell::new(Some(0))), ..TestSwap::default() })),
        ("damaged later", Some(TestSwap { damaged: Rc::new(Cell::new(Some(9))), ..TestSwap::default() })),
    ] {
        let damages = swap.as_ref().is_some_and(|swap| swap.unreadable || swap.damaged.get().is_some());
        let ran = four(engine, 12, swap, 3000);
        let mut failed = 0;
        for (vm, expected) in ran.hypervisor.vms().iter().zip(hashes(&roomy)) {
            match vm.stop() {
                Some(Stop::Exit { code: 7 }) => assert_eq!(ran.hypervisor.state_hash(vm.id()), expected, "{name}"),
                Some(Stop::HostMemoryExhausted { .. }) => failed += 1,
                Some(Stop::SwapLost { .. }) if damages => failed += 1,
                other => panic!("{name}: {other:?}"),
            }
        }
        assert!(failed > 0, "{name}: nobody failed");
        cases += 1;
    }
    println!("{cases} ways for swap to fail");
}

fn guests_of_one_image_share_what_they_do_not_write(engine: EngineKind) {
    // Sixteen pages of the image are read, one of them written.
    let mut program = code(|c| {
        c.li(S1, RAM + 0x1000);
        c.li(S3, 0x1000);
        c.li(S2, 16);
        c.label("next");
        c.i(Op::Lw, T0, S1, 0);
        c.r(Op::Add, A1, A1, T0);
        c.r(Op::Add, S1, S1, S3);
        c.i(Op::Addi, S2, S2, -1);
        c.branch(Op::Bne, S2, ZERO, "next");
        c.li(T1, RAM + 0x3000);
        c.s(Op::Sw, A1, T1, 4);
        c.i(Op::Lw, A2, T1, 0);
        c.exit(0);
    });
    program.resize(17 * 4096, 0x5a);
    let build = |guests: usize| {
        let mut hypervisor = machine(engine, HypervisorConfig::virt());
        let image = image(&program);
        for number in 0..guests {
            hypervisor.add_vm(image.clone(), small(&format!("guest-{number}"))).expect("taken");
        }
        finish(hypervisor, TestDoor::default())
    };
    let (one, ten) = (build(1), build(10));
    assert_eq!(one.hypervisor.host_memory().frames_in_use(), 17);
    assert_eq!(ten.hypervisor.host_memory().frames_in_use(), 17 + 10 - 1, "all but the written page are shared; the last holder writes in place");
    for vm in ten.hypervisor.vms() {
        assert_eq!((vm.counts().get(ExitReason::PageFault), vm.vcpu().x[12], vm.stop()), (17, 0x5a5a_5a5a, Some(&Stop::Exit { code: 0 })));
    }
    assert_eq!(one.hypervisor.state_hash(VmId(0)), ten.hypervisor.state_hash(VmId(0)), "sharing is not seen");
    // The ones that were started from another copy of the same file share nothing with them.
    let mut hypervisor = machine(engine, HypervisorConfig::virt());
    hypervisor.add_vm(image(&program), small("a")).expect("taken");
    hypervisor.add_vm(image(&program), small("b")).expect("taken");
    let apart = finish(hypervisor, TestDoor::default());
    assert_eq!(apart.hypervisor.host_memory().frames_in_use(), 34);
}

/// Page tables that lie in pages of the image: the walk writes accessed and dirty bits into shared pages.
fn a_page_table_in_the_image_gets_its_bits(engine: EngineKind) {
    let mut program = code(|c| {
        c.li(T0, 1 << 31 | (RAM + 0x1000) >> 12);
        c.csrw(csr::SATP, T0);
        c.li(T0, RAM + 0x2000);
        c.s(Op::Sw, T0, T0, 0);
        c.exit(0);
    });
    program.resize(0x1000 + 4096, 0);
    // A megapage for RAM without A and D.
    program[0x1000 + 512 * 4..][..4].copy_from_slice(&(RAM >> 12 << 10 | 0xf).to_le_bytes());
    let mut hypervisor = machine(engine, HypervisorConfig::virt());
    let image = image_with_bss(&program, 0x2000);
    for name in ["a", "b"] {
        hypervisor.add_vm(image.clone(), small(name)).expect("taken");
    }
    let ran = finish(hypervisor, TestDoor::default());
    for vm in ran.hypervisor.vms() {
        assert_eq!((vm.stop(), vm.counts().get(ExitReason::PageFault)), (Some(&Stop::Exit { code: 0 }), 3));
        let mut entry = [0; 4];
        assert!(ran.hypervisor.peek_physical(vm.id(), hvcore::GuestPhys(RAM + 0x1000 + 512 * 4), &mut entry));
        assert_eq!(u32::from_le_bytes(entry) & 0xff, 0xcf, "A and D");
    }
}

fn reserve_and_limit_are_kept(engine: EngineKind) {
    let limited = |limit: u32, reserve: u32| {
        let mut hypervisor = machine(engine, HypervisorConfig { host_memory_bytes: 24 * 4096, ..HypervisorConfig::virt() });
        hypervisor.set_swap(Box::new(TestSwap::default()));
        let config = |name: &str, share: Share| VmConfig { ram_bytes: 1 << 17, share, ..small(name) };
        hypervisor.add_vm(image(&toucher(16, 400)), config("kept", Share { reserve, limit: u32::MAX })).expect("taken");
        hypervisor.add_vm(image(&toucher(24, 400)), config("bounded", Share { reserve: 0, limit })).expect("taken");
        let ran = finish(hypervisor, TestDoor::default());
        assert!(ran.hypervisor.vms().iter().all(|vm| vm.stop() == Some(&Stop::Exit { code: 7 })));
        ran.hypervisor.vms().iter().map(|vm| vm.host_events().reloads).collect::<Vec<_>>()
    };
    let free = limited(u32::MAX, 0);
    assert!(free[0] > 0 && free[1] > 0, "{free:?}");
    assert_eq!(limited(u32::MAX, 16)[0], 0, "what is kept for a guest stays");
    assert_eq!(limited(8, 0)[0], 0, "who has his limit makes room himself");
}

/// A disk request moves more pages than the pool has, while another guest wants its own.
fn devices_work_under_pressure(engine: EngineKind) {
    let script = |pool: u64| {
        let program = code(|c| {
            const SLOT: u32 = 0x1000_1000;
            let store = |c: &mut Code, at: u32, value: u32| {
                c.li(T0, at);
                c.li(T1, value);
                c.s(Op::Sw, T1, T0, 0);
            };
            for (at, value) in [(0x70, 0), (0x70, 3), (0x70, 11), (0x30, 0), (0x38, 8), (0x80, RAM + 0x1_0000), (0x90, RAM + 0x1_1000), (0xa0, RAM + 0x1_2000), (0x44, 1), (0x70, 15)] {
                store(c, SLOT + at, value);
            }
            // Read 32 KiB from sector 0, then write them to sector 64.
            for (number, kind, sector, flags) in [(0u32, 0u32, 0u32, 3u32), (1, 1, 64, 1)] {
                let header = RAM + 0x1_3000;
                for (at, value) in [(0, kind), (4, 0), (8, sector), (12, 0)] {
                    store(c, header + at, value);
                }
                let descriptors = [(header, 16, 1 | 1 << 16), (RAM + 0x2_0800, 32768, flags | 2 << 16), (RAM + 0x1_3100, 1, 2)];
                for (index, (address, length, flags)) in descriptors.into_iter().enumerate() {
                    for (at, value) in [(0, address), (4, 0), (8, length), (12, flags)] {
                        store(c, RAM + 0x1_0000 + 16 * index as u32 + at, value);
                    }
                }
                store(c, RAM + 0x1_1000, (number + 1) << 16);
                store(c, SLOT + 0x50, 0);
            }
            c.li(T0, RAM + 0x1_3100);
            c.i(Op::Lbu, A0, T0, 0);
            c.exit_a0();
        });
        let mut hypervisor = machine(engine, HypervisorConfig { host_memory_bytes: pool * 4096, ..HypervisorConfig::virt() });
        hypervisor.set_swap(Box::new(TestSwap::default()));
        let disk = DeviceConfig { kind: DeviceKind::Block { sectors: 128, read_only: false }, legacy: false };
        hypervisor.add_vm(image(&program), VmConfig { ram_bytes: 1 << 20, devices: vec![disk], ..small("disk") }).expect("taken");
        hypervisor.add_vm(image(&toucher(8, 100)), VmConfig { ram_bytes: 1 << 16, ..small("other") }).expect("taken");
        finish(hypervisor, TestDoor { disk: (0..65536u32).map(|at| (at / 3) as u8).collect(), ..TestDoor::default() })
    };
    let (roomy, tight) = (script(100), script(7));
    assert_eq!((roomy.code(), tight.code()), (0, 0));
    assert!(tight.hypervisor.host_memory().events().evictions > 10);
    assert_eq!(roomy.door.disk, tight.door.disk);
    assert_eq!(roomy.door.disk[..32768], roomy.door.disk[32768..]);
    assert_eq!(hashes(&roomy), hashes(&tight));
}
