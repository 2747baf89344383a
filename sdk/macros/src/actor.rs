//! What an actor is: a type's `impl` block with a constructor and methods that keep the rules.

use proc_macro2::TokenStream;
use syn::{Attribute, Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Result, Type};

use crate::attr::{Options, Place};
use crate::signature::{Call, Kind, is_named, last_segment, result_value};
use crate::task::doc;

/// An `impl` block that keeps the rules.
pub(crate) struct Actor {
    /// Those of the attribute above the block.
    pub(crate) options: Options,
    pub(crate) doc: String,
    pub(crate) name: Ident,
    pub(crate) constructor: Function,
    pub(crate) methods: Vec<Function>,
    /// The block without the options of its methods.
    pub(crate) block: ItemImpl,
}

/// The constructor or a method.
pub(crate) struct Function {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
    pub(crate) doc: String,
    pub(crate) ident: Ident,
    pub(crate) call: Call,
    /// The `#[cfg(…)]` above it.
    pub(crate) conditions: Vec<Attribute>,
}

impl Actor {
    pub(crate) fn parse(options: Options, item: TokenStream) -> Result<Self> {
        let whole = item.clone();
        let mut block: ItemImpl = syn::parse2(item).map_err(|_| {
            let message = "`#[wask::actor]` goes above the `impl` block of your type: \
                           `impl Counter { … }`; the type itself takes `#[wask::value]`";
            Error::new_spanned(whole, message)
        })?;
        let name = class_name(&block)?;
        let mut functions = functions(&block, &name)?;
        let Some(place) = functions.iter().position(|it| it.kind == Kind::Constructor) else {
            let message = "an actor needs a constructor: write `fn new(…) -> Self` into this block";
            return Err(Error::new_spanned(&block.self_ty, message));
        };
        let constructor = functions.remove(place);
        let doc = Some(doc(&block.attrs)).filter(|doc| !doc.is_empty());
        let doc = doc.unwrap_or_else(|| constructor.doc.clone());
        remove_options(&mut block);
        Ok(Self { options, doc, name, constructor, methods: functions, block })
    }
}

/// Takes away what no other macro would know.
pub(crate) fn remove_options(block: &mut ItemImpl) {
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item {
            function.attrs.retain(|attribute| !holds_options(attribute));
        }
    }
}

/// The last part of the type's path, which is also the name of the class.
fn class_name(block: &ItemImpl) -> Result<Ident> {
    if let Some((_, path, _)) = &block.trait_ {
        let message = "an actor's methods are its own: `#[wask::actor]` goes above \
                       `impl Counter { … }`, not above the `impl` of a trait";
        return Err(Error::new_spanned(path, message));
    }
    let generic = "an actor cannot be generic: write the types out";
    if !block.generics.params.is_empty() {
        return Err(Error::new_spanned(&block.generics, generic));
    }
    match last_segment(&block.self_ty) {
        Some(segment) if segment.arguments.is_none() => Ok(segment.ident.clone()),
        Some(segment) => Err(Error::new_spanned(&segment.arguments, generic)),
        None => {
            let message = "an actor is a struct or an enum of this crate: `impl Counter { … }`";
            Err(Error::new_spanned(&block.self_ty, message))
        }
    }
}

/// The constructor and the methods, or everything that is wrong with them.
fn functions(block: &ItemImpl, class: &Ident) -> Result<Vec<Function>> {
    let (mut functions, mut wrong) = (Vec::new(), None::<Error>);
    for item in &block.items {
        let ImplItem::Fn(function) = item else { continue };
        let Some(kind) = kind(function) else { continue };
        match (Function::parse(kind, function, class), &mut wrong) {
            (Ok(function), _) => functions.push(function),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), None) => wrong = Some(error),
        }
    }
    wrong.map_or(Ok(functions), Err)
}

/// Functions without a receiver are nobody's business but the type's, apart from `new`.
fn kind(function: &ImplItemFn) -> Option<Kind> {
    if function.sig.ident == "new" {
        return Some(Kind::Constructor);
    }
    function.sig.receiver().map(|_| Kind::Method)
}

impl Function {
    fn parse(kind: Kind, function: &ImplItemFn, class: &Ident) -> Result<Self> {
        let signature = &function.sig;
        check_receiver(kind, signature.inputs.first())?;
        let call = Call::parse(kind, signature)?;
        if kind == Kind::Constructor {
            check_constructed(&call, class)?;
        }
        let place = if kind == Kind::Constructor { Place::Constructor } else { Place::Method };
        let options = options(place, &function.attrs)?;
        options.check(&call.returns)?;
        let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        Ok(Self {
            kind,
            options,
            doc: doc(&function.attrs),
            ident: signature.ident.clone(),
            call,
            conditions: conditions.cloned().collect(),
        })
    }
}

/// The state outlives every call, so a method borrows it.
fn check_receiver(kind: Kind, first: Option<&FnArg>) -> Result<()> {
    let Some(FnArg::Receiver(receiver)) = first else { return Ok(()) };
    let borrows = receiver.reference.is_some() && receiver.colon_token.is_none();
    match kind {
        Kind::Method if borrows => Ok(()),
        Kind::Method => {
            let message = "a method borrows its actor: write `&self` or `&mut self`";
            Err(Error::new_spanned(receiver, message))
        }
        Kind::Constructor | Kind::Task => {
            let message = "`new` makes the actor: take no `self`, or choose another name";
            Err(Error::new_spanned(receiver, message))
        }
    }
}

/// `Self` or `Result<Self, …>`, where the type's own name serves as well.
fn check_constructed(call: &Call, class: &Ident) -> Result<()> {
    let returns = &call.returns;
    let made: Option<&Type> =
        if returns.fallible { result_value(&returns.ty) } else { Some(&returns.ty) };
    let is_own = |ty: &&Type| is_named(ty, "Self") || is_named(ty, &class.to_string());
    if made.is_some_and(|ty| is_own(&ty)) {
        return Ok(());
    }
    let message = "`new` makes the actor: return `Self` or `Result<Self, …>`";
    Err(Error::new_spanned(&returns.ty, message))
}

/// What `#[wask(…)]` says.
fn options(place: Place, attributes: &[Attribute]) -> Result<Options> {
    let mut given = attributes.iter().filter(|attribute| holds_options(attribute));
    let Some(attribute) = given.next() else { return Ok(Options::default()) };
    if let Some(again) = given.next() {
        return Err(Error::new_spanned(again, "write all options into one `#[wask(…)]`"));
    }
    Options::parse(place, attribute.meta.require_list()?.tokens.clone())
}

fn holds_options(attribute: &Attribute) -> bool {
    attribute.path().is_ident("wask")
}
