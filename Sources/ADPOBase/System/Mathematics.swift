// The mathematics of the C library. Whoever imports ADPOBase calls these functions themselves.
#if canImport(Glibc)
    @_exported import func Glibc.copysign
    @_exported import func Glibc.cos
    @_exported import func Glibc.erf
    @_exported import func Glibc.exp
    @_exported import func Glibc.expm1
    @_exported import func Glibc.log
    @_exported import func Glibc.log1p
    @_exported import func Glibc.pow
    @_exported import func Glibc.sin
    @_exported import func Glibc.tanh
#elseif canImport(Musl)
    @_exported import func Musl.copysign
    @_exported import func Musl.cos
    @_exported import func Musl.erf
    @_exported import func Musl.exp
    @_exported import func Musl.expm1
    @_exported import func Musl.log
    @_exported import func Musl.log1p
    @_exported import func Musl.pow
    @_exported import func Musl.sin
    @_exported import func Musl.tanh
#else
    @_exported import func Darwin.copysign
    @_exported import func Darwin.cos
    @_exported import func Darwin.erf
    @_exported import func Darwin.exp
    @_exported import func Darwin.expm1
    @_exported import func Darwin.log
    @_exported import func Darwin.log1p
    @_exported import func Darwin.pow
    @_exported import func Darwin.sin
    @_exported import func Darwin.tanh
#endif
