1: mulsd xmm0, xmm1
addsd xmm0, xmm2
comisd xmm0, xmm3
ja 1b
ret

1416 bytes
locals 4 v128, 1 f64, 1 i32, 1 i64, 1 i32, 2 v128, 1 f64, 1 f32, 1 f64, 4 i32, 1 f64, 1 v128, 1 f64, 1 v128, 2 f64, 1 v128, 1 f64, 1 i32, 1 v128, 2 f64, 1 v128, 1 f64, 1 v128, 2 f64, 1 v128, 1 f64, 1 i32, 1 f64, 2 i32, 1 v128, 2 i64
  local.get 0
  v128.load +384
  local.set 9
  local.get 0
  f64.load +384
  local.set 13
  local.get 0
  v128.load +416
  local.set 10
  local.get 0
  v128.load +448
  local.set 11
  local.get 0
  v128.load +480
  local.set 12
  local.get 0
  i64.extend_i32_u
  i64.const 6917529027641081856
  i64.add
  local.set 15
  local.get 0
  i32.const 1459617792
  i32.add
  local.set 16
  local.get 0
  i32.const 1610612736
  i32.add
  i32x4.splat
  local.set 17
  local.get 0
  i32.const 1459617792
  i32.add
  i32x4.splat
  local.set 18
  local.get 0
  f64.convert_i32_u
  f64.const 1.0715086071862673e+301
  f64.mul
  local.set 19
  local.get 0
  f32.convert_i32_u
  f32.const 1.2676506002282294e+30
  f32.mul
  local.set 20
  i32.const 0
  local.get 0
  i32.load +156
  i32.const 28704
  i32.and
  i32.const 4128
  i32.ne
  i32.sub
  local.set 14
  local.get 13
  i64.reinterpret_f64
  i64.const 1
  i64.shl
  i64.const 1
  i64.sub
  i64.const 9007199254740991
  i64.lt_u
  if
    i32.const -2
    local.set 14
  end
  local.get 10
  f64x2.extract_lane 0
  local.set 21
  local.get 21
  i64.reinterpret_f64
  i64.const 1
  i64.shl
  i64.const 1
  i64.sub
  i64.const 9007199254740991
  i64.lt_u
  if
    i32.const -2
    local.set 14
  end
  local.get 11
  f64x2.extract_lane 0
  local.set 21
  local.get 21
  i64.reinterpret_f64
  i64.const 1
  i64.shl
  i64.const 1
  i64.sub
  i64.const 9007199254740991
  i64.lt_u
  if
    i32.const -2
    local.set 14
  end
  block i32
    local.get 10
    f64x2.extract_lane 0
    local.set 21
    local.get 21
    i64.reinterpret_f64
    i64.const 1
    i64.shl
    i64.const 1
    i64.sub
    i64.const 6917529027641081855
    i64.lt_u
    local.get 12
    f64x2.extract_lane 0
    local.set 21
    local.get 21
    i64.reinterpret_f64
    i64.const 1
    i64.shl
    i64.const 1
    i64.sub
    i64.const 6917529027641081855
    i64.lt_u
    i32.or
    local.set 25
    loop
      block
        block
          local.get 14
          local.get 25
          i32.or
          br_if 0
          local.get 13
          local.set 21
          local.get 10
          f64x2.extract_lane 0
          local.set 26
          local.get 9
          local.get 13
          f64x2.replace_lane 0
          local.set 27
          local.get 21
          i64.reinterpret_f64
          i64.const 1
          i64.shl
          i64.const 1
          i64.sub
          local.get 15
          i64.lt_u
          br_if 0
          local.get 21
          local.get 26
          f64.mul
          local.set 28
          local.get 27
          local.get 28
          f64x2.replace_lane 0
          local.set 29
          local.get 11
          f64x2.extract_lane 0
          local.set 30
          local.get 28
          local.get 30
          f64.add
          local.set 31
          local.get 29
          local.get 31
          f64x2.replace_lane 0
          local.set 32
          local.get 12
          f64x2.extract_lane 0
          local.set 33
          local.get 31
          local.get 33
          f64.lt
          local.get 31
          local.get 33
          f64.eq
          i32.const 6
          i32.shl
          i32.or
          local.set 34
          v128.const 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
          local.get 34
          i32x4.replace_lane 0
          local.set 35
          local.get 31
          local.get 33
          f64.add
          local.tee 36
          local.get 36
          f64.mul
          local.get 19
          f64.lt
          i32.eqz
          br_if 0
          local.get 28
          local.set 13
          local.get 31
          local.set 13
          br 1
        end
        local.get 13
        local.set 36
        local.get 10
        f64x2.extract_lane 0
        local.set 37
        local.get 9
        local.get 13
        f64x2.replace_lane 0
        local.set 38
        block
          block
            local.get 36
            local.get 37
            f64.mul
            local.set 39
            local.get 39
            i64.reinterpret_f64
            i64.const 32
            i64.shr_u
            i32.wrap_i64
            i32.const 1
            i32.shl
            i32.const 4194304
            i32.sub
            local.get 14
            i32.or
            i32.const -6291456
            i32.lt_u
            br_if 1
          end
          local.get 0
          local.get 14
          local.get 36
          local.get 37
          call 12
          local.set 14
          local.set 39
          local.get 14
          i32.const 0
          i32.gt_s
          if
            i32.const 4194304
            local.set 2
            local.get 24
            if
              local.get 0
              i32.const 32
              i32.store +160
              local.get 0
              local.get 23
              i32.store +184
            end
            i32.const 0
            br 4
          end
        end
        local.get 38
        local.get 39
        f64x2.replace_lane 0
        local.set 40
        local.get 39
        local.set 13
        local.get 11
        f64x2.extract_lane 0
        local.set 41
        block
          block
            local.get 39
            local.get 41
            f64.add
            local.set 42
            local.get 42
            i64.reinterpret_f64
            i64.const 32
            i64.shr_u
            i32.wrap_i64
            i32.const 1
            i32.shl
            i32.const 4194304
            i32.sub
            local.get 14
            i32.or
            i32.const -6291456
            i32.lt_u
            br_if 1
          end
          local.get 0
          local.get 14
          local.get 39
          local.get 41
          call 10
          local.set 14
          local.set 42
          local.get 14
          i32.const 0
          i32.gt_s
          if
            local.get 1
            i32.const 1
            i32.sub
            local.set 1
            i32.const 4194308
            local.set 2
            local.get 24
            if
              local.get 0
              i32.const 32
              i32.store +160
              local.get 0
              local.get 23
              i32.store +184
            end
            i32.const 0
            br 4
          end
        end
        local.get 40
        local.get 42
        f64x2.replace_lane 0
        local.set 43
        local.get 42
        local.set 13
        local.get 12
        f64x2.extract_lane 0
        local.set 44
        local.get 42
        local.get 44
        f64.lt
        local.get 42
        local.get 44
        f64.eq
        i32.const 6
        i32.shl
        i32.or
        local.set 45
        block
          block
            local.get 44
            i64.reinterpret_f64
            i64.const 1
            i64.shl
            i64.const 1
            i64.sub
            i64.const 9007199254740991
            i64.lt_u
            br_if 0
            local.get 42
            local.get 44
            f64.add
            local.tee 46
            local.get 46
            f64.eq
            local.get 14
            i32.const -2
            i32.ne
            i32.and
            br_if 1
          end
          local.get 0
          local.get 42
          f64.store +896
          local.get 0
          local.get 44
          f64.store +912
          local.get 0
          i32.load +156
          local.set 48
          local.get 0
          i32.const 432
          local.get 48
          call 1
          local.tee 47
          i32.const 0
          i32.lt_s
          if
            local.get 1
            i32.const 2
            i32.sub
            local.set 1
            i32.const 4194312
            local.set 2
            local.get 24
            if
              local.get 0
              i32.const 32
              i32.store +160
              local.get 0
              local.get 23
              i32.store +184
            end
            i32.const 0
            br 4
          end
          local.get 0
          local.get 47
          i32.store +156
          local.get 14
          local.get 47
          call 30
          local.set 14
          local.get 0
          i32.load +896
          local.set 45
        end
        v128.const 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        local.get 45
        i32x4.replace_lane 0
        local.set 49
        local.get 38
        local.set 27
        local.get 40
        local.set 29
        local.get 43
        local.set 32
        local.get 49
        local.set 35
        local.get 36
        local.set 21
        local.get 37
        local.set 26
        local.get 39
        local.set 28
        local.get 41
        local.set 30
        local.get 42
        local.set 31
        local.get 44
        local.set 33
        local.get 45
        local.set 34
      end
      local.get 34
      local.set 47
      local.get 47
      i32.const 1
      i32.and
      local.get 47
      i32.const 6
      i32.shr_u
      i32.const 1
      i32.and
      i32.or
      i32.const 1
      i32.xor
      if
        local.get 1
        i32.const 4
        i32.sub
        local.set 1
        local.get 1
        i32.const 0
        i32.le_s
        if
          i32.const 4194304
          local.set 2
          local.get 0
          i32.const 32
          i32.store +160
          local.get 0
          local.get 47
          i32.store +184
          i32.const 2
          br 3
        end
        local.get 47
        local.set 23
        i32.const 1
        local.set 24
        br 1
      else
        local.get 8
        local.set 50
        local.get 50
        i32.wrap_i64
        local.set 34
        block
          block
            local.get 50
            i32.const 0
            i64.load +2048
            i64.and
            i64.const 0
            i64.ne
            br_if 0
            local.get 34
            i32.const 12
            i32.shr_u
            i32.load8_u +1048576
            local.get 34
            i32.const 7
            i32.add
            i32.const 12
            i32.shr_u
            i32.load8_u +1048576
            i32.and
            i32.const 1
            i32.and
            br_if 1
          end
          local.get 1
          i32.const 4
          i32.sub
          local.set 1
          i32.const 4194318
          local.set 2
          local.get 0
          i32.const 32
          i32.store +160
          local.get 0
          local.get 47
          i32.store +184
          i32.const 0
          br 3
        end
        local.get 34
        i64.load
        local.set 51
        local.get 51
        i64.const 4294967295
        i64.gt_u
        if
          local.get 1
          i32.const 4
          i32.sub
          local.set 1
          i32.const 4194318
          local.set 2
          local.get 0
          i32.const 32
          i32.store +160
          local.get 0
          local.get 47
          i32.store +184
          i32.const 0
          br 3
        end
        local.get 50
        i64.const 8
        i64.add
        local.set 8
        local.get 51
        i32.wrap_i64
        local.set 48
        local.get 1
        i32.const 5
        i32.sub
        local.set 1
        local.get 1
        i32.const 0
        i32.le_s
        if
          local.get 48
          local.set 2
          local.get 0
          i32.const 32
          i32.store +160
          local.get 0
          local.get 47
          i32.store +184
          i32.const 2
          br 3
        end
        local.get 0
        i32.const 32
        i32.store +160
        local.get 0
        local.get 47
        i32.store +184
        local.get 0
        local.get 9
        v128.store +384
        local.get 0
        local.get 13
        f64.store +384
        local.get 0
        local.get 1
        local.get 48
        local.get 3
        local.get 4
        local.get 5
        local.get 6
        local.get 7
        local.get 8
        return_call 36
      end
    end
    unreachable
  end
  local.get 0
  local.get 3
  i64.store
  local.get 0
  local.get 4
  i64.store +8
  local.get 0
  local.get 5
  i64.store +16
  local.get 0
  local.get 6
  i64.store +48
  local.get 0
  local.get 7
  i64.store +56
  local.get 0
  local.get 8
  i64.store +32
  local.get 0
  local.get 9
  v128.store +384
  local.get 0
  local.get 13
  f64.store +384
  local.get 0
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128
