//! The devicetree: the guest's exact configuration, and where it lies.

use crate::addr::GuestPhys;
use crate::config::VmConfig;
use guest_abi::{PAGE_SIZE, TIMEBASE_HZ};
use crate::device::virtio;
use guest_abi::memory_map::{BOOT_ROM, FINISHER, PLIC, PLIC_SOURCES, RAM, RTC, Region, UART0, VIRTIO_STRIDE, finisher};
use vm_fdt::{Error, FdtWriter};

/// Guests with less RAM find their devicetree in the boot ROM.
const ROM_BELOW: u32 = 1024 * 1024;
/// The devicetree ends at most this far into RAM.
const REACH: u32 = 512 * 1024 * 1024;
/// It does not cross a boundary of this size.
const BOUNDARY: u32 = 4 * 1024 * 1024;
/// Bytes of its own behind its last block, for boot loaders.
const ROOM: usize = 4096;

const CPU_INTERRUPTS: u32 = 1;
const PLIC_PHANDLE: u32 = 2;
const FINISHER_PHANDLE: u32 = 3;

/// Where the devicetree lies, and the stack pointer at reset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    /// First byte of the devicetree.
    pub at: GuestPhys,
    /// First byte of the initial RAM disk, if there is one.
    pub initrd: Option<GuestPhys>,
    /// `sp` at reset: the first address after free RAM, a multiple of 16.
    pub stack: u32,
}

/// Places a devicetree of `bytes` bytes (platform page, "Physical memory map"): in the boot ROM for small guests,
/// else as high as possible in the first 512 MiB of RAM, 8-byte aligned, in one 4 MiB block; an initial RAM disk
/// page-aligned below it. `None`: there is no room.
#[must_use]
pub fn place(ram_bytes: u32, bytes: u32, initrd: Option<u32>) -> Option<Placement> {
    let ram_end = RAM.base.wrapping_add(ram_bytes);
    let (at, free) = if ram_bytes < ROM_BELOW {
        (if bytes <= BOOT_ROM.size { BOOT_ROM.base } else { return None }, ram_bytes)
    } else {
        let end = ram_bytes.min(REACH);
        let highest = end.checked_sub(bytes)? & !7;
        let crosses = highest / BOUNDARY != (highest + bytes.saturating_sub(1)) / BOUNDARY;
        let start = if crosses { (end / BOUNDARY * BOUNDARY).checked_sub(bytes)? & !7 } else { highest };
        (RAM.base + start, start)
    };
    let initrd = match initrd {
        Some(bytes) => Some(free.checked_sub(bytes)? / PAGE_SIZE * PAGE_SIZE),
        None => None,
    };
    // RAM beyond the reach is free above the devicetree, so the stack begins at its end.
    let stack = if ram_bytes > REACH { ram_end } else { RAM.base.wrapping_add(initrd.unwrap_or(free)) };
    Some(Placement { at: GuestPhys(at), initrd: initrd.map(|offset| GuestPhys(RAM.base + offset)), stack: stack & !15 })
}

/// Writes the devicetree of a guest. `Err` only for what cannot be a string in it (`boot_args` with a NUL).
pub fn write(config: &VmConfig, rng_seed: &[u8; 32], initrd: Option<GuestPhys>) -> Result<Vec<u8>, Error> {
    let mut fdt = FdtWriter::new()?;
    let root = fdt.begin_node("")?;
    fdt.property_u32("#address-cells", 2)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_string("compatible", "riscv-virtio")?;
    fdt.property_string("model", "hvkit,virt")?;

    let chosen = fdt.begin_node("chosen")?;
    if !config.boot_args.is_empty() {
        fdt.property_string("bootargs", &config.boot_args)?;
    }
    fdt.property_string("stdout-path", &format!("/soc/serial@{:x}", UART0.base))?;
    fdt.property("rng-seed", rng_seed)?;
    if let (Some(at), Some(bytes)) = (initrd, &config.initrd) {
        fdt.property_u64("linux,initrd-start", at.0.into())?;
        fdt.property_u64("linux,initrd-end", u64::from(at.0) + bytes.len() as u64)?;
    }
    fdt.end_node(chosen)?;

    let memory = fdt.begin_node(&format!("memory@{:x}", RAM.base))?;
    fdt.property_string("device_type", "memory")?;
    fdt.property_array_u64("reg", &[u64::from(RAM.base), u64::from(config.ram_bytes)])?;
    fdt.end_node(memory)?;

    cpus(&mut fdt, config)?;

    let soc = fdt.begin_node("soc")?;
    fdt.property_u32("#address-cells", 2)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_string("compatible", "simple-bus")?;
    fdt.property_null("ranges")?;
    interrupt_controller(&mut fdt)?;
    serial(&mut fdt)?;
    clock(&mut fdt)?;
    for slot in 0..config.devices.len() {
        virtio_slot(&mut fdt, slot)?;
    }
    test_finisher(&mut fdt)?;
    fdt.end_node(soc)?;
    power(&mut fdt)?;

    fdt.end_node(root)?;
    let mut tree = fdt.finish()?;
    if config.ram_bytes >= ROM_BELOW {
        leave_room(&mut tree);
    }
    Ok(tree)
}

/// Boot loaders add to the tree where it lies, U-Boot without a look at what lies behind it: so some room follows the
/// tree's last block that counts as its own (Devicetree Specification 0.4, §5.2, `totalsize`).
fn leave_room(tree: &mut Vec<u8>) {
    tree.resize(tree.len() + ROOM, 0);
    let bytes = tree.len() as u32;
    tree[4..8].copy_from_slice(&bytes.to_be_bytes());
}

fn cpus(fdt: &mut FdtWriter, config: &VmConfig) -> Result<(), Error> {
    let cpus = fdt.begin_node("cpus")?;
    fdt.property_u32("#address-cells", 1)?;
    fdt.property_u32("#size-cells", 0)?;
    fdt.property_u32("timebase-frequency", TIMEBASE_HZ)?;
    let cpu = fdt.begin_node("cpu@0")?;
    fdt.property_string("device_type", "cpu")?;
    fdt.property_string("compatible", "riscv")?;
    fdt.property_u32("reg", 0)?;
    fdt.property_string("status", "okay")?;
    fdt.property_string("mmu-type", "riscv,sv32")?;
    let names: Vec<String> = config.isa.names().map(str::to_owned).collect();
    fdt.property_string("riscv,isa", &isa_string(&names))?;
    fdt.property_string("riscv,isa-base", "rv32i")?;
    fdt.property_string_list("riscv,isa-extensions", names)?;
    let controller = fdt.begin_node("interrupt-controller")?;
    fdt.property_string("compatible", "riscv,cpu-intc")?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_u32("#address-cells", 0)?;
    fdt.property_phandle(CPU_INTERRUPTS)?;
    fdt.end_node(controller)?;
    fdt.end_node(cpu)?;
    fdt.end_node(cpus)
}

/// `rv32imac_zicsr_…`: single letters first, the others after underscores.
fn isa_string(names: &[String]) -> String {
    let letters = names.iter().filter(|name| name.len() == 1).map(String::as_str);
    let others = names.iter().filter(|name| name.len() > 1).map(String::as_str);
    let mut text = String::from("rv32");
    text.extend(letters);
    for name in others {
        text.push('_');
        text.push_str(name);
    }
    text
}

fn reg(fdt: &mut FdtWriter, region: Region) -> Result<(), Error> {
    fdt.property_array_u64("reg", &[u64::from(region.base), u64::from(region.size)])
}

fn interrupt_controller(fdt: &mut FdtWriter) -> Result<(), Error> {
    let node = fdt.begin_node(&format!("plic@{:x}", PLIC.base))?;
    fdt.property_string_list("compatible", vec!["sifive,plic-1.0.0".to_owned(), "riscv,plic0".to_owned()])?;
    reg(fdt, PLIC)?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_u32("#address-cells", 0)?;
    fdt.property_u32("riscv,ndev", PLIC_SOURCES)?;
    // Context 0 is M-mode's (interrupt 11 of the hart), inert; context 1 S-mode's (interrupt 9).
    fdt.property_array_u32("interrupts-extended", &[CPU_INTERRUPTS, 11, CPU_INTERRUPTS, 9])?;
    fdt.property_phandle(PLIC_PHANDLE)?;
    fdt.end_node(node)
}

fn serial(fdt: &mut FdtWriter) -> Result<(), Error> {
    let node = fdt.begin_node(&format!("serial@{:x}", UART0.base))?;
    fdt.property_string("compatible", "ns16550a")?;
    reg(fdt, UART0)?;
    fdt.property_u32("clock-frequency", 3_686_400)?;
    fdt.property_u32("interrupt-parent", PLIC_PHANDLE)?;
    fdt.property_u32("interrupts", UART0.irq.unwrap_or(0))?;
    fdt.end_node(node)
}

fn clock(fdt: &mut FdtWriter) -> Result<(), Error> {
    let node = fdt.begin_node(&format!("rtc@{:x}", RTC.base))?;
    fdt.property_string("compatible", "google,goldfish-rtc")?;
    reg(fdt, RTC)?;
    fdt.property_u32("interrupt-parent", PLIC_PHANDLE)?;
    fdt.property_u32("interrupts", RTC.irq.unwrap_or(0))?;
    fdt.end_node(node)
}

fn virtio_slot(fdt: &mut FdtWriter, slot: usize) -> Result<(), Error> {
    let base = virtio::base(slot);
    let node = fdt.begin_node(&format!("virtio_mmio@{base:x}"))?;
    fdt.property_string("compatible", "virtio,mmio")?;
    fdt.property_array_u64("reg", &[u64::from(base), u64::from(VIRTIO_STRIDE)])?;
    fdt.property_u32("interrupt-parent", PLIC_PHANDLE)?;
    fdt.property_u32("interrupts", virtio::source(slot))?;
    fdt.end_node(node)
}

fn test_finisher(fdt: &mut FdtWriter) -> Result<(), Error> {
    let node = fdt.begin_node(&format!("test@{:x}", FINISHER.base))?;
    fdt.property_string_list("compatible", vec!["sifive,test1".to_owned(), "sifive,test0".to_owned(), "syscon".to_owned()])?;
    reg(fdt, FINISHER)?;
    fdt.property_phandle(FINISHER_PHANDLE)?;
    fdt.end_node(node)
}

/// Power off and reboot by the finisher. They have no addresses, so they are not on the bus.
fn power(fdt: &mut FdtWriter) -> Result<(), Error> {
    for (name, compatible, value) in [("poweroff", "syscon-poweroff", finisher::PASS), ("reboot", "syscon-reboot", finisher::RESET)] {
        let node = fdt.begin_node(name)?;
        fdt.property_string("compatible", compatible)?;
        fdt.property_u32("regmap", FINISHER_PHANDLE)?;
        fdt.property_u32("offset", 0)?;
        fdt.property_u32("value", value)?;
        fdt.end_node(node)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u32 = 1024 * 1024;

    #[test]
    fn placement_follows_the_platform_page() {
        let at = |ram: u32, bytes: u32| place(ram, bytes, None).map(|p| (p.at.0, p.stack));
        assert_eq!(at(16 * 1024, 2000), Some((0x1000, 0x8000_4000)));
        assert_eq!(at(MIB - 4096, 2000), Some((0x1000, 0x800f_f000)));
        assert_eq!(at(16 * 1024, 0xf001), None, "does not fit into the ROM");
        assert_eq!(at(MIB, 2004), Some((0x8010_0000 - 2008, 0x8010_0000 - 2016)));
        assert_eq!(at(4 * MIB + 4096, 5000), Some((0x8040_0000 - 5000, (0x8040_0000 - 5000) & !15)), "not across 4 MiB");
        assert_eq!(at(512 * MIB, 8), Some((0x9fff_fff8, 0x9fff_fff0)));
        assert_eq!(at(1024 * MIB, 8), Some((0x9fff_fff8, 0xc000_0000)));
        let initrd = place(16 * MIB, 2000, Some(5000)).expect("room");
        assert_eq!((initrd.initrd, initrd.stack), (Some(GuestPhys(0x80ff_e000)), 0x80ff_e000), "page-aligned, below the devicetree");
        assert_eq!(place(16 * 1024, 2000, Some(5000)).and_then(|p| p.initrd), Some(GuestPhys(0x8000_2000)));
        assert_eq!(place(16 * MIB, 2000, Some(17 * MIB)), None);
        assert_eq!(at(0x8000_0000, 8), Some((0x9fff_fff8, 0)), "the end of 2 GiB is 2^32");
    }

    #[test]
    fn the_tree_is_written_and_names_the_configuration() {
        let mut config = VmConfig::virt("a");
        config.boot_args = "console=ttyS0".to_owned();
        config.isa = config.isa.without(rv32::Ext::Sstc);
        let tree = write(&config, &[0xab; 32], None).expect("a tree");
        let has = |needle: &[u8]| tree.windows(needle.len()).any(|window| window == needle);
        assert_eq!(tree[..4], [0xd0, 0x0d, 0xfe, 0xed]);
        let total = u32::from_be_bytes([tree[4], tree[5], tree[6], tree[7]]) as usize;
        assert!(total == tree.len() && tree[total - ROOM..].iter().all(|&byte| byte == 0), "room for boot loaders");
        assert!(has(b"console=ttyS0\0") && has(b"rv32imac_") && has(&[0xab; 32]) && !has(b"sstc"));
        config.boot_args = "a\0b".to_owned();
        assert!(write(&config, &[0; 32], None).is_err());
    }
}
