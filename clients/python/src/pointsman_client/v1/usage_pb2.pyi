from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Usage(_message.Message):
    __slots__ = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_input_tokens", "reasoning_tokens", "estimated", "cache_write_1h_input_tokens")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_1H_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_input_tokens: int
    reasoning_tokens: int
    estimated: bool
    cache_write_1h_input_tokens: int
    def __init__(self, input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cached_input_tokens: _Optional[int] = ..., cache_write_input_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., estimated: _Optional[bool] = ..., cache_write_1h_input_tokens: _Optional[int] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("total_nano_usd", "answer_nano_usd", "overhead_nano_usd", "estimated")
    TOTAL_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    ANSWER_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    OVERHEAD_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    total_nano_usd: int
    answer_nano_usd: int
    overhead_nano_usd: int
    estimated: bool
    def __init__(self, total_nano_usd: _Optional[int] = ..., answer_nano_usd: _Optional[int] = ..., overhead_nano_usd: _Optional[int] = ..., estimated: _Optional[bool] = ...) -> None: ...

class Price(_message.Message):
    __slots__ = ("input_nano_usd_per_mtok", "output_nano_usd_per_mtok", "cached_input_nano_usd_per_mtok", "cache_write_nano_usd_per_mtok", "per_request_nano_usd", "cache_write_1h_nano_usd_per_mtok", "above")
    INPUT_NANO_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANO_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_NANO_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_NANO_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    PER_REQUEST_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_1H_NANO_USD_PER_MTOK_FIELD_NUMBER: _ClassVar[int]
    ABOVE_FIELD_NUMBER: _ClassVar[int]
    input_nano_usd_per_mtok: int
    output_nano_usd_per_mtok: int
    cached_input_nano_usd_per_mtok: int
    cache_write_nano_usd_per_mtok: int
    per_request_nano_usd: int
    cache_write_1h_nano_usd_per_mtok: int
    above: _containers.RepeatedCompositeFieldContainer[PriceStep]
    def __init__(self, input_nano_usd_per_mtok: _Optional[int] = ..., output_nano_usd_per_mtok: _Optional[int] = ..., cached_input_nano_usd_per_mtok: _Optional[int] = ..., cache_write_nano_usd_per_mtok: _Optional[int] = ..., per_request_nano_usd: _Optional[int] = ..., cache_write_1h_nano_usd_per_mtok: _Optional[int] = ..., above: _Optional[_Iterable[_Union[PriceStep, _Mapping]]] = ...) -> None: ...

class PriceStep(_message.Message):
    __slots__ = ("input_tokens", "price")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    price: Price
    def __init__(self, input_tokens: _Optional[int] = ..., price: _Optional[_Union[Price, _Mapping]] = ...) -> None: ...
