//! Images and guests that are refused, and images that are not one simple segment.

mod common;
use common::*;
use hvcore::{AddVmError, ExitReason, GuestPhys, Hypervisor, HypervisorConfig, Image, ImageError, Segment, VmConfig};
use rv32::Op;
use std::sync::Arc;

fn segment(name: &str, gpa: u32, file_offset: u64, file_bytes: u32, memory_bytes: u32) -> Segment {
    Segment { name: name.into(), gpa: GuestPhys(gpa), file_offset, file_bytes, memory_bytes }
}

fn make(segments: Vec<Segment>, entry: u32) -> Result<Image, ImageError> {
    Image::new(vec![0x13; 100].into(), GuestPhys(entry), segments, 0)
}

#[test]
fn images_are_checked() {
    let text = segment(".text", RAM, 0, 100, 100);
    assert!(make(vec![text.clone()], RAM).is_ok());
    assert_eq!(make(vec![], RAM).err(), Some(ImageError::Empty));
    assert_eq!(make(vec![segment("empty", 0, 0, 0, 0)], RAM).err(), Some(ImageError::Empty));
    for (at, bytes) in [(0, 100), (RAM - 1, 100), (0xffff_ff9d, 100), (0x7fff_ffff, 1)] {
        let s = segment("far", at, 0, 1, bytes);
        assert_eq!(make(vec![s.clone()], RAM).err(), Some(ImageError::OutsideRam(s)), "{at:#x}");
    }
    assert!(make(vec![segment("last", 0xffff_ff9c, 0, 1, 100)], 0xffff_ff9c).is_ok());
    for (offset, bytes) in [(1, 100), (101, 1), (u64::MAX, 1), (u64::MAX, 100)] {
        let s = segment("short", RAM, offset, bytes, 200);
        assert_eq!(make(vec![s.clone()], RAM).err(), Some(ImageError::Truncated { segment: s, image_bytes: 100 }));
    }
    assert!(make(vec![text.clone(), segment(".bss", RAM + 100, u64::MAX, 0, 8)], RAM).is_ok(), "where no bytes begin does not matter");
    let large = segment("large", RAM, 0, 50, 49);
    assert_eq!(make(vec![large.clone()], RAM).err(), Some(ImageError::LargerThanMemory(large)));
    let data = segment(".data", RAM + 99, 0, 4, 4);
    assert_eq!(make(vec![data.clone(), text.clone()], RAM).err(), Some(ImageError::Overlap(text.clone(), data)));
    for entry in [RAM + 100, RAM - 2, 0, RAM + 1] {
        assert_eq!(make(vec![text.clone()], entry).err(), Some(ImageError::Entry(GuestPhys(entry))));
    }
}

#[test]
fn every_refusal_names_what_is_wrong() {
    let text = segment(".text", RAM, 0, 100, 100);
    for (error, part) in [
        (make(vec![], RAM), "nothing to load"),
        (make(vec![segment(".far", 4, 0, 1, 1)], RAM), ".far (1 bytes at 0x00000004) lies outside RAM"),
        (make(vec![segment(".short", RAM, 90, 20, 20)], RAM), ".short needs bytes 90..110 of an image of 100"),
        (make(vec![text.clone(), segment(".data", RAM + 4, 0, 4, 4)], RAM), ".text (0x80000000..0x80000064) and .data (0x80000004..0x80000008) overlap"),
        (make(vec![text.clone()], RAM + 1), "0x80000001 is odd"),
        (make(vec![text], 0), "in no segment"),
    ] {
        let text = error.expect_err("refused").to_string();
        assert!(text.contains(part), "{text}");
    }
}

fn add(image: Arc<Image>, config: VmConfig) -> Result<hvcore::VmId, AddVmError> {
    Hypervisor::new(HypervisorConfig::virt()).add_vm(image, config)
}

#[test]
fn guests_that_cannot_be_are_refused() {
    let program = image(&code(|c| c.exit(0)));
    for bytes in [0, 1, 4095, 4097, 0x8000_1000, u32::MAX] {
        assert_eq!(add(program.clone(), VmConfig { ram_bytes: bytes, ..small("odd") }), Err(AddVmError::RamSize { bytes }));
    }
    assert!(add(program.clone(), VmConfig { ram_bytes: 4096, ..small("one page") }).is_ok());
    assert_eq!(add(program, VmConfig { boot_args: "a\0b".into(), ..small("nul") }), Err(AddVmError::BootArgs));
    let large = image_with_bss(&code(|c| c.exit(0)), 16 * 1024);
    let error = add(large.clone(), VmConfig::classic("small")).expect_err("does not fit");
    assert!(error.to_string().contains(".text 16412 bytes at 0x80000000"), "{error}");
    // The devicetree of a guest with 1 MiB or more lies in RAM, where an image may be in its way.
    let whole = image_with_bss(&code(|c| c.exit(0)), (1 << 20) - 100);
    assert!(matches!(add(whole.clone(), small("full")), Err(AddVmError::Devicetree { at: Some(_), segment: Some(_), .. })));
    assert!(add(whole, VmConfig { ram_bytes: 2 << 20, ..small("larger") }).is_ok());
    let wants = Image::new(vec![0x13; 4].into(), GuestPhys(RAM), vec![segment(".text", RAM, 0, 4, 4)], 0x5000).expect("good");
    assert!(matches!(add(Arc::new(wants), VmConfig::classic("note")), Err(AddVmError::DoesNotFit { ram_bytes: 0x4000, needed: 0x5000, .. })));
}

#[test]
fn segments_share_pages_and_memory_beyond_the_file_is_zero() {
    let program = code(|c| {
        c.li(S0, RAM + 0x1ffc);
        c.i(Op::Lw, S1, S0, 0);
        c.i(Op::Lw, S2, S0, 4);
        c.i(Op::Lw, S3, S0, 8);
        c.exit(0);
    });
    let mut bytes = program.clone();
    bytes.extend([0xaa; 6]);
    let at = program.len() as u64;
    let length = program.len() as u32;
    let segments = vec![
        segment(".bss", RAM + 0x2004, 0, 0, 0x100),
        segment(".data", RAM + 0x1ffe, at, 6, 6),
        segment(".text", RAM, 0, length, length),
    ];
    let image = Image::new(bytes.into(), GuestPhys(RAM), segments, 0).expect("good");
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(Arc::new(image), small("segments")).expect("taken");
    let ran = finish(hypervisor, TestDoor::default());
    assert_eq!((ran.x(S1), ran.x(S2), ran.x(S3)), (0xaaaa_0000, 0xaaaa_aaaa, 0));
    assert_eq!(ran.count(ExitReason::PageFault), 3);
}
