//! What can be called from outside: the parts of a signature that matter, and the rules it keeps.

use std::fmt;

use syn::{
    Error, FnArg, GenericArgument, Ident, Pat, PathArguments, PathSegment, Result, ReturnType,
    Signature, Type, TypeReference,
};

/// What the function is, for the messages about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Task,
    Constructor,
    Method,
}

/// How a function is called.
pub(crate) struct Call {
    pub(crate) takes_ctx: bool,
    pub(crate) params: Vec<Param>,
    pub(crate) returns: Returns,
}

/// A parameter other than the context.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) form: Form,
}

/// What the function returns.
pub(crate) struct Returns {
    /// The whole type as written; `()` where nothing was.
    pub(crate) ty: Type,
    /// Whether it is a `Result`.
    pub(crate) fallible: bool,
    pub(crate) form: Form,
}

/// How a value crosses the boundary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Coded,
    Raw,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task => "task",
            Self::Constructor => "constructor",
            Self::Method => "method",
        })
    }
}

impl Call {
    /// Reads a signature that keeps the rules; the receiver of a method is not looked at.
    pub(crate) fn parse(kind: Kind, signature: &Signature) -> Result<Self> {
        check_signature(kind, signature)?;
        let (takes_ctx, params) = params(kind, signature)?;
        let returns = returns(kind, signature)?;
        Ok(Self { takes_ctx, params, returns })
    }
}

fn check_signature(kind: Kind, signature: &Signature) -> Result<()> {
    if let Some(token) = &signature.asyncness {
        let message = format!("a {kind} cannot be `async`: write a plain `fn`");
        return Err(Error::new_spanned(token, message));
    }
    if let Some(token) = &signature.unsafety {
        let message =
            format!("a {kind} cannot be `unsafe`: remove it, and use an `unsafe` block inside");
        return Err(Error::new_spanned(token, message));
    }
    if let Some(abi) = &signature.abi {
        let message = format!("a {kind} is a plain function: remove `extern`");
        return Err(Error::new_spanned(abi, message));
    }
    if !signature.generics.params.is_empty() {
        let message =
            format!("a {kind} cannot be generic: write the types out, one {kind} for each");
        return Err(Error::new_spanned(&signature.generics, message));
    }
    match &signature.variadic {
        Some(dots) => {
            let message = format!("a {kind} takes a fixed number of parameters");
            Err(Error::new_spanned(dots, message))
        }
        None => Ok(()),
    }
}

fn params(kind: Kind, signature: &Signature) -> Result<(bool, Vec<Param>)> {
    let mut takes_ctx = false;
    let mut params = Vec::new();
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (index, input) in typed.enumerate() {
        if is_named(&input.ty, "Ctx") {
            check_ctx(&input.ty, index)?;
            takes_ctx = true;
        } else {
            params.push(param(kind, &input.pat, &input.ty)?);
        }
    }
    Ok((takes_ctx, params))
}

/// The context is borrowed, and comes first.
fn check_ctx(ty: &Type, index: usize) -> Result<()> {
    match ty {
        _ if index > 0 => Err(Error::new_spanned(ty, "the context comes first: `ctx: &Ctx, …`")),
        Type::Reference(TypeReference { mutability: None, .. }) => Ok(()),
        _ => Err(Error::new_spanned(ty, "the context is borrowed: write `ctx: &Ctx`")),
    }
}

fn param(kind: Kind, pattern: &Pat, ty: &Type) -> Result<Param> {
    let name = match pattern {
        Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => &ident.ident,
        _ => {
            let message = format!(
                "a parameter of a {kind} needs a name: take `value: …` and take it apart inside"
            );
            return Err(Error::new_spanned(pattern, message));
        }
    };
    check_value_type(kind, ty)?;
    Ok(Param { name: name.clone(), ty: ty.clone(), form: form(ty) })
}

/// Arguments come from outside, so the function owns them.
fn check_value_type(kind: Kind, ty: &Type) -> Result<()> {
    match ty {
        Type::Reference(reference) => {
            let owned = owned_form(&reference.elem);
            let message = format!("a {kind} owns its arguments: take {owned}, without `&`");
            Err(Error::new_spanned(ty, message))
        }
        Type::ImplTrait(_) => {
            let message = format!("a {kind} cannot be generic: write the type out");
            Err(Error::new_spanned(ty, message))
        }
        _ => Ok(()),
    }
}

fn owned_form(borrowed: &Type) -> &'static str {
    match borrowed {
        Type::Path(path) if path.path.is_ident("str") => "`String`",
        Type::Slice(slice) if is_named(&slice.elem, "u8") => "`Bytes`",
        Type::Slice(_) => "`Vec<…>`",
        _ => "the value itself",
    }
}

fn returns(kind: Kind, signature: &Signature) -> Result<Returns> {
    let ty: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote_spanned!(signature.ident.span()=> ()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match &ty {
        Type::Reference(_) | Type::ImplTrait(_) => {
            let message = format!("a {kind} returns an owned value: write its type out");
            Err(Error::new_spanned(&ty, message))
        }
        Type::Never(_) => {
            let message = format!("a {kind} must return: write a result type");
            Err(Error::new_spanned(&ty, message))
        }
        _ => {
            let value = result_value(&ty);
            let form = value.map_or_else(|| form(&ty), form);
            let fallible = last_segment(&ty).is_some_and(|segment| segment.ident == "Result");
            Ok(Returns { ty, fallible, form })
        }
    }
}

/// `Bytes` crosses raw; the expansion makes sure that it is `wask::Bytes`.
fn form(ty: &Type) -> Form {
    let is_path = matches!(ty, Type::Path(_) | Type::Group(_));
    if is_path && is_named(ty, "Bytes") { Form::Raw } else { Form::Coded }
}

/// The `T` of `Result<T, …>`.
pub(crate) fn result_value(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether the type, or what it refers to, is a path that ends in this name.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    let ty = match ty {
        Type::Reference(reference) => &reference.elem,
        other => other,
    };
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
