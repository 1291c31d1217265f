//! What has no address, such as debug sections: it stays with the code and data that it describes.

use super::Reason;
use crate::apply::resolve_target;
use crate::plan::Plan;
use crate::resolve::{Place, Resolved, SectionId};
use object::LittleEndian as LE;
use object::elf;

/// By section: whether it stays although nothing in memory refers to it. A section without an address
/// stays if any of its object does, unless it is the fragment of a function that does not (`.debug_line.text.f`
/// of `.text.f`), and so does what such sections refer to.
pub fn kept(resolved: &Resolved<'_>, plan: &Plan<'_>, reasons: &[Option<Reason>]) -> Vec<bool> {
    let mut lives = vec![false; resolved.objects.len()];
    for (input, _) in resolved.sections.iter().zip(reasons).filter(|(_, reason)| reason.is_some()) {
        if let Some(lives) = lives.get_mut(input.object.0 as usize) {
            *lives = true;
        }
    }
    let has_no_address = |index: usize| !resolved.sections[index].section.has(elf::SHF_ALLOC) && plan.output_of(SectionId(index as u32)).is_some();
    let mut kept: Vec<bool> = (0..resolved.sections.len()).map(|index| has_no_address(index) && lives.get(resolved.sections[index].object.0 as usize).copied().unwrap_or(true)).collect();
    let mut gone = vec![false; kept.len()];
    for (number, object) in resolved.objects.iter().enumerate().filter(|(number, _)| lives[*number]) {
        let end = resolved.objects.get(number + 1).map_or(resolved.first_made, |next| next.first_section);
        let own = object.first_section as usize..end as usize;
        let removed: Vec<&[u8]> = own.clone().filter(|&index| reasons[index].is_none() && resolved.sections[index].section.has(elf::SHF_EXECINSTR)).map(|index| resolved.sections[index].section.name).collect();
        for index in own.filter(|_| !removed.is_empty()) {
            let name = resolved.sections[index].section.name;
            let describes = |code: &&[u8]| name.len() > code.len() && name.ends_with(code);
            if kept[index] && name.starts_with(b".debug_") && removed.iter().any(describes) {
                (kept[index], gone[index]) = (false, true);
            }
        }
    }
    let mut work: Vec<usize> = (0..kept.len()).filter(|&index| kept[index]).collect();
    while let Some(index) = work.pop() {
        let input = &resolved.sections[index];
        for rela in input.section.relas.iter().filter(|rela| rela.r_sym(LE) != 0) {
            if let (Place::Section(target, _), _) = resolve_target(resolved, input.object, rela)
                && !kept[target.0 as usize]
                && !gone[target.0 as usize]
                && has_no_address(target.0 as usize)
            {
                kept[target.0 as usize] = true;
                work.push(target.0 as usize);
            }
        }
    }
    kept
}
