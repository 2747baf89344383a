//! What a task function is: the parts of its signature that matter, and the rules it must keep.

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, FnArg, GenericArgument, Ident, ItemFn, Lit, Meta, Pat, PathArguments,
    PathSegment, Result, ReturnType, Signature, Token, Type, TypeReference,
};

use crate::attr::Options;

/// A function that keeps the rules.
pub(crate) struct Task {
    pub(crate) options: Options,
    pub(crate) doc: String,
    pub(crate) takes_ctx: bool,
    pub(crate) params: Vec<Param>,
    pub(crate) returns: Returns,
    pub(crate) function: ItemFn,
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

impl Task {
    pub(crate) fn parse(options: Options, item: TokenStream) -> Result<Self> {
        let whole = item.clone();
        let function: ItemFn = syn::parse2(item).map_err(|_| {
            Error::new_spanned(
                whole,
                "`#[wask::task]` goes above a function: `fn name(x: i64) -> i64 { … }`",
            )
        })?;
        check_signature(&function.sig)?;
        let (takes_ctx, params) = params(&function.sig.inputs)?;
        let returns = returns(&function.sig)?;
        if let (Some(media_type), Form::Coded) = (&options.media_type, returns.form) {
            let message = "`media_type` is for functions that return `Bytes`";
            return Err(Error::new(media_type.span(), message));
        }
        Ok(Self { options, doc: doc(&function.attrs), takes_ctx, params, returns, function })
    }
}

fn check_signature(signature: &Signature) -> Result<()> {
    if let Some(token) = &signature.asyncness {
        let message = "a task cannot be `async`: write a plain `fn`";
        return Err(Error::new_spanned(token, message));
    }
    if let Some(token) = &signature.unsafety {
        let message = "a task cannot be `unsafe`: remove it, and use an `unsafe` block inside";
        return Err(Error::new_spanned(token, message));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(abi, "a task is a plain function: remove `extern`"));
    }
    if !signature.generics.params.is_empty() {
        let message = "a task cannot be generic: write the types out, one task for each";
        return Err(Error::new_spanned(&signature.generics, message));
    }
    match &signature.variadic {
        Some(dots) => Err(Error::new_spanned(dots, "a task takes a fixed number of parameters")),
        None => Ok(()),
    }
}

fn params(inputs: &Punctuated<FnArg, Token![,]>) -> Result<(bool, Vec<Param>)> {
    let mut takes_ctx = false;
    let mut params = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let input = match input {
            FnArg::Typed(typed) => typed,
            FnArg::Receiver(receiver) => {
                let message = "a task is a free function: move it out of the `impl` and take a \
                               value instead of `self`";
                return Err(Error::new_spanned(receiver, message));
            }
        };
        if is_named(&input.ty, "Ctx") {
            check_ctx(&input.ty, index)?;
            takes_ctx = true;
        } else {
            params.push(param(&input.pat, &input.ty)?);
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

fn param(pattern: &Pat, ty: &Type) -> Result<Param> {
    let name = match pattern {
        Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => &ident.ident,
        _ => {
            let message = "a parameter of a task needs a name: take `value: …` and take it apart \
                           inside";
            return Err(Error::new_spanned(pattern, message));
        }
    };
    check_value_type(ty)?;
    Ok(Param { name: name.clone(), ty: ty.clone(), form: form(ty) })
}

/// Arguments come from outside, so a task owns them.
fn check_value_type(ty: &Type) -> Result<()> {
    match ty {
        Type::Reference(reference) => {
            let owned = owned_form(&reference.elem);
            let message = format!("a task owns its arguments: take {owned}, without `&`");
            Err(Error::new_spanned(ty, message))
        }
        Type::ImplTrait(_) => {
            Err(Error::new_spanned(ty, "a task cannot be generic: write the type out"))
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

fn returns(signature: &Signature) -> Result<Returns> {
    let ty: Type = match &signature.output {
        ReturnType::Default => syn::parse_quote_spanned!(signature.ident.span()=> ()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match &ty {
        Type::Reference(_) | Type::ImplTrait(_) => {
            Err(Error::new_spanned(&ty, "a task returns an owned value: write its type out"))
        }
        Type::Never(_) => Err(Error::new_spanned(&ty, "a task must return: write a result type")),
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
fn result_value(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether the type, or what it refers to, is a path that ends in this name.
fn is_named(ty: &Type, name: &str) -> bool {
    let ty = match ty {
        Type::Reference(reference) => &reference.elem,
        other => other,
    };
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// The doc comment, with the space that follows `///` taken off each line.
fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let lines = lines.iter().flat_map(|line| line.split('\n'));
    let lines: Vec<&str> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
