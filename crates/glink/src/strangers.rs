//! `NOCROSSREFS`: output sections that must not refer to each other, such as overlays that are never in
//! memory together.

use crate::apply::resolve_target;
use crate::plan::{Item, Plan};
use crate::problem::{Problem, Site};
use crate::resolve::{Place, Resolved, display_name};
use crate::script::ast::Script;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;

/// Finds references between sections that the script keeps apart.
pub fn check(resolved: &Resolved<'_>, plan: &Plan<'_>, script: &Script, problems: &mut Vec<Problem>) {
    for strangers in &script.strangers {
        let names = &strangers.names;
        // One way, only the first must not be referred to, and only by the others.
        let refers = |name: &String| names.contains(name) && !(strangers.one_way && names.first() == Some(name));
        let is_hidden = |name: &String| if strangers.one_way { names.first() == Some(name) } else { names.contains(name) };
        let command = if strangers.one_way { "NOCROSSREFS_TO" } else { "NOCROSSREFS" };
        for output in plan.outputs.iter().filter(|output| refers(&output.name)) {
            for item in &output.items {
                let Item::Section(id) = item else { continue };
                let input = &resolved.sections[id.0 as usize];
                for rela in input.section.relas.iter().filter(|rela| rela.r_sym(LE) != 0) {
                    let (Place::Section(target, _), _) = resolve_target(resolved, input.object, rela) else { continue };
                    let Some(other) = plan.output_of(target).map(|index| &plan.outputs[index].name) else { continue };
                    if *other != output.name && is_hidden(other) {
                        let message = format!("prohibited cross reference to `{}` in `{other}`: {command} allows none from `{}`", display_name(resolved, input.object, rela.r_sym(LE)), output.name);
                        problems.push(Problem::At(Site { section: *id, offset: rela.r_offset.get(LE) }, Box::new(Diagnostic::new(&codes::E0508, message))));
                    }
                }
            }
        }
    }
}
