1: movsd xmm0, [rdi]
mulsd xmm0, [rsi]
addsd xmm1, xmm0
movsd [rdx], xmm0
subsd xmm2, [rdi+8]
add rdi, 16
dec ecx
jne 1b
ret

2017 bytes
locals 3 v128, 3 f64, 1 i32, 1 i64, 1 i32, 2 v128, 1 f64, 1 f32, 4 i32, 1 i64, 3 i32, 1 v128, 1 i64, 1 v128, 3 f64, 1 v128, 1 f64, 1 v128, 1 f64, 1 v128, 1 i64, 1 v128, 2 f64, 1 v128, 1 f64, 1 v128, 3 f64, 1 v128, 1 f64, 1 v128, 1 f64, 1 v128, 1 i64, 1 i32, 1 v128, 2 f64, 1 v128, 1 f64, 1 v128, 1 i64, 1 i32
  local.get 0
  v128.load +384
  local.set 9
  local.get 0
  f64.load +384
  local.set 12
  local.get 0
  v128.load +416
  local.set 10
  local.get 0
  f64.load +416
  local.set 13
  local.get 0
  v128.load +448
  local.set 11
  local.get 0
  f64.load +448
  local.set 14
  local.get 0
  i64.extend_i32_u
  i64.const 6917529027641081856
  i64.add
  local.set 16
  local.get 0
  i32.const 1459617792
  i32.add
  local.set 17
  local.get 0
  i32.const 1610612736
  i32.add
  i32x4.splat
  local.set 18
  local.get 0
  i32.const 1459617792
  i32.add
  i32x4.splat
  local.set 19
  local.get 0
  f64.convert_i32_u
  f64.const 1.0715086071862673e+301
  f64.mul
  local.set 20
  local.get 0
  f32.convert_i32_u
  f32.const 1.2676506002282294e+30
  f32.mul
  local.set 21
  i32.const 0
  local.get 0
  i32.load +156
  i32.const 28704
  i32.and
  i32.const 4128
  i32.ne
  i32.sub
  local.set 15
  local.get 12
  i64.reinterpret_f64
  i64.const 1
  i64.shl
  i64.const 1
  i64.sub
  i64.const 9007199254740991
  i64.lt_u
  if
    i32.const -2
    local.set 15
  end
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
    local.set 15
  end
  local.get 14
  i64.reinterpret_f64
  i64.const 1
  i64.shl
  i64.const 1
  i64.sub
  i64.const 9007199254740991
  i64.lt_u
  if
    i32.const -2
    local.set 15
  end
  block i32
    loop
      block
        block
          local.get 7
          i64.const 0
          i64.add
          local.tee 26
          i32.wrap_i64
          local.set 27
          local.get 26
          i32.const 0
          i64.load +2048
          i64.and
          i64.const 0
          i64.ne
          br_if 0
          local.get 27
          i32.const 12
          i32.shr_u
          i32.load16_u +1048576
          i32.const 257
          i32.and
          i32.const 257
          i32.eq
          if
            i32.const 8176
            local.get 27
            i32.const 4095
            i32.and
            i32.sub
            local.set 28
          else
            local.get 27
            i32.const 12
            i32.shr_u
            i32.load8_u +1048576
            i32.const 1
            i32.and
            i32.eqz
            br_if 1
            i32.const 4080
            local.get 27
            i32.const 4095
            i32.and
            i32.sub
            local.tee 28
            i32.const 0
            i32.lt_s
            br_if 1
          end
          local.get 28
          i32.const 512
          i32.mul
          i32.const 10
          i32.shr_u
          local.set 29
          local.get 6
          i64.const 0
          i64.add
          local.tee 26
          i32.wrap_i64
          local.set 27
          local.get 26
          i32.const 0
          i64.load +2048
          i64.and
          i64.const 0
          i64.ne
          br_if 0
          local.get 27
          i32.const 12
          i32.shr_u
          i32.load8_u +1048576
          local.get 27
          i32.const 7
          i32.add
          i32.const 12
          i32.shr_u
          i32.load8_u +1048576
          i32.and
          i32.const 1
          i32.and
          i32.eqz
          br_if 0
          local.get 5
          i64.const 0
          i64.add
          local.tee 26
          i32.wrap_i64
          local.set 27
          local.get 26
          i32.const 0
          i64.load +2048
          i64.and
          i64.const 0
          i64.ne
          br_if 0
          local.get 27
          i32.const 12
          i32.shr_u
          i32.load8_u +1048576
          local.get 27
          i32.const 7
          i32.add
          i32.const 12
          i32.shr_u
          i32.load8_u +1048576
          i32.and
          i32.const 2
          i32.and
          i32.eqz
          br_if 0
          local.get 1
          local.get 29
          i32.sub
          local.tee 25
          i32.const 0
          local.get 25
          i32.const 0
          i32.gt_s
          select
          local.set 25
          local.get 1
          local.get 25
          i32.sub
          local.set 1
          br 1
        end
        i32.const 4194304
        local.set 2
        local.get 24
        if
          local.get 0
          i32.const 1824
          i32.store +160
          local.get 0
          local.get 22
          i32.store +168
          local.get 0
          local.get 23
          i32.store +184
        end
        i32.const 0
        br 2
      end
      loop
        local.get 7
        local.set 26
        local.get 26
        i32.wrap_i64
        local.set 29
        local.get 29
        v128.load64_zero
        local.set 30
        local.get 30
        local.get 30
        f64x2.extract_lane 0
        local.set 12
        local.set 9
        local.get 6
        local.set 31
        local.get 31
        i32.wrap_i64
        local.set 28
        local.get 28
        v128.load64_zero
        local.set 32
        block
          block
            local.get 15
            br_if 0
            local.get 30
            f64x2.extract_lane 0
            local.set 33
            local.get 32
            f64x2.extract_lane 0
            local.set 34
            local.get 33
            i64.reinterpret_f64
            i64.const 1
            i64.shl
            i64.const 1
            i64.sub
            local.get 16
            i64.lt_u
            br_if 0
            local.get 34
            i64.reinterpret_f64
            i64.const 1
            i64.shl
            i64.const 1
            i64.sub
            local.get 16
            i64.lt_u
            br_if 0
            local.get 33
            local.get 34
            f64.mul
            local.set 35
            local.get 30
            local.get 35
            f64x2.replace_lane 0
            local.set 36
            local.get 13
            local.set 37
            local.get 10
            local.get 13
            f64x2.replace_lane 0
            local.set 38
            local.get 37
            local.get 35
            f64.add
            local.set 39
            local.get 38
            local.get 39
            f64x2.replace_lane 0
            local.set 40
            local.get 5
            local.set 41
            local.get 41
            i32.wrap_i64
            local.set 27
            local.get 29
            v128.load64_zero +8
            local.set 42
            local.get 29
            local.get 27
            i32.sub
            i32.const 15
            i32.add
            i32.const 15
            i32.lt_u
            br_if 0
            local.get 14
            local.set 43
            local.get 42
            f64x2.extract_lane 0
            local.set 44
            local.get 11
            local.get 14
            f64x2.replace_lane 0
            local.set 45
            local.get 44
            i64.reinterpret_f64
            i64.const 1
            i64.shl
            i64.const 1
            i64.sub
            local.get 16
            i64.lt_u
            br_if 0
            local.get 43
            local.get 44
            f64.sub
            local.set 46
            local.get 45
            local.get 46
            f64x2.replace_lane 0
            local.set 47
            local.get 39
            local.get 46
            f64.add
            local.tee 48
            local.get 48
            f64.mul
            local.get 20
            f64.lt
            i32.eqz
            br_if 0
            local.get 27
            local.get 35
            f64.store
            local.get 35
            local.set 12
            local.get 39
            local.set 13
            br 1
          end
          local.get 30
          f64x2.extract_lane 0
          local.set 48
          local.get 32
          f64x2.extract_lane 0
          local.set 49
          block
            block
              local.get 49
              i64.reinterpret_f64
              i64.const 32
              i64.shr_u
              i32.wrap_i64
              i32.const 1
              i32.shl
              i32.const 2097152
              i32.sub
              i32.const -1082130432
              i32.lt_u
              i32.eqz
              br_if 0
              local.get 48
              local.get 49
              f64.mul
              local.set 50
              local.get 50
              i64.reinterpret_f64
              i64.const 32
              i64.shr_u
              i32.wrap_i64
              i32.const 1
              i32.shl
              i32.const 1075838976
              i32.sub
              local.get 15
              i32.or
              i32.const -1077936128
              i32.lt_u
              br_if 1
            end
            local.get 0
            local.get 15
            local.get 48
            local.get 49
            call 12
            local.set 15
            local.set 50
            local.get 15
            i32.const 0
            i32.gt_s
            if
              local.get 1
              i32.const 1
              i32.sub
              local.set 1
              i32.const 4194308
              local.set 2
              local.get 1
              local.get 25
              i32.add
              local.set 1
              local.get 24
              if
                local.get 0
                i32.const 1824
                i32.store +160
                local.get 0
                local.get 22
                i32.store +168
                local.get 0
                local.get 23
                i32.store +184
              end
              i32.const 0
              br 5
            end
          end
          local.get 30
          local.get 50
          f64x2.replace_lane 0
          local.set 51
          local.get 50
          local.set 12
          local.get 13
          local.set 52
          local.get 10
          local.get 13
          f64x2.replace_lane 0
          local.set 53
          block
            block
              local.get 52
              local.get 50
              f64.add
              local.set 54
              local.get 54
              i64.reinterpret_f64
              i64.const 32
              i64.shr_u
              i32.wrap_i64
              i32.const 1
              i32.shl
              i32.const 4194304
              i32.sub
              local.get 15
              i32.or
              i32.const -6291456
              i32.lt_u
              br_if 1
            end
            local.get 0
            local.get 15
            local.get 52
            local.get 50
            call 10
            local.set 15
            local.set 54
            local.get 15
            i32.const 0
            i32.gt_s
            if
              local.get 1
              i32.const 2
              i32.sub
              local.set 1
              i32.const 4194312
              local.set 2
              local.get 1
              local.get 25
              i32.add
              local.set 1
              local.get 24
              if
                local.get 0
                i32.const 1824
                i32.store +160
                local.get 0
                local.get 22
                i32.store +168
                local.get 0
                local.get 23
                i32.store +184
              end
              i32.const 0
              br 5
            end
          end
          local.get 53
          local.get 54
          f64x2.replace_lane 0
          local.set 55
          local.get 54
          local.set 13
          local.get 5
          local.set 56
          local.get 56
          i32.wrap_i64
          local.set 57
          local.get 57
          local.get 50
          f64.store
          local.get 29
          v128.load64_zero +8
          local.set 58
          local.get 14
          local.set 59
          local.get 58
          f64x2.extract_lane 0
          local.set 60
          local.get 11
          local.get 14
          f64x2.replace_lane 0
          local.set 61
          block
            block
              local.get 60
              i64.reinterpret_f64
              i64.const 1
              i64.shl
              i64.const 1
              i64.sub
              i64.const 9007199254740991
              i64.lt_u
              br_if 0
              local.get 59
              local.get 60
              f64.sub
              local.set 62
              local.get 62
              i64.reinterpret_f64
              i64.const 32
              i64.shr_u
              i32.wrap_i64
              i32.const 1
              i32.shl
              i32.const 4194304
              i32.sub
              local.get 15
              i32.or
              i32.const -6291456
              i32.lt_u
              br_if 1
            end
            local.get 0
            local.get 15
            local.get 59
            local.get 60
            call 11
            local.set 15
            local.set 62
            local.get 15
            i32.const 0
            i32.gt_s
            if
              local.get 1
              i32.const 4
              i32.sub
              local.set 1
              i32.const 4194320
              local.set 2
              local.get 1
              local.get 25
              i32.add
              local.set 1
              local.get 24
              if
                local.get 0
                i32.const 1824
                i32.store +160
                local.get 0
                local.get 22
                i32.store +168
                local.get 0
                local.get 23
                i32.store +184
              end
              i32.const 0
              br 5
            end
          end
          local.get 61
          local.get 62
          f64x2.replace_lane 0
          local.set 63
          local.get 51
          local.set 36
          local.get 53
          local.set 38
          local.get 55
          local.set 40
          local.get 56
          local.set 41
          local.get 58
          local.set 42
          local.get 61
          local.set 45
          local.get 63
          local.set 47
          local.get 48
          local.set 33
          local.get 49
          local.set 34
          local.get 50
          local.set 35
          local.get 52
          local.set 37
          local.get 54
          local.set 39
          local.get 59
          local.set 43
          local.get 60
          local.set 44
          local.get 62
          local.set 46
          local.get 57
          local.set 27
        end
        local.get 46
        local.set 14
        local.get 26
        i64.const 16
        i64.add
        local.set 64
        local.get 64
        local.set 7
        local.get 4
        i32.wrap_i64
        i32.const 1
        i32.sub
        local.set 65
        local.get 65
        i64.extend_i32_u
        local.set 4
        local.get 65
        i32.eqz
        i32.eqz
        if
          local.get 1
          i32.const 8
          i32.sub
          local.set 1
          block
            local.get 1
            i32.const 0
            i32.le_s
            br_if 0
            local.get 65
            local.set 22
            local.get 64
            local.get 26
            i64.lt_u
            local.set 23
            i32.const 1
            local.set 24
            br 2
          end
          local.get 1
          local.get 25
          i32.add
          local.tee 1
          i32.const 0
          i32.le_s
          if
            i32.const 4194304
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 65
            i32.store +168
            local.get 0
            local.get 64
            local.get 26
            i64.lt_u
            i32.store +184
            i32.const 2
            br 4
          end
          local.get 65
          local.set 22
          local.get 64
          local.get 26
          i64.lt_u
          local.set 23
          i32.const 1
          local.set 24
          br 2
        else
          local.get 1
          local.get 25
          i32.add
          local.set 1
          local.get 8
          local.set 56
          local.get 56
          i32.wrap_i64
          local.set 57
          block
            block
              local.get 56
              i32.const 0
              i64.load +2048
              i64.and
              i64.const 0
              i64.ne
              br_if 0
              local.get 57
              i32.const 12
              i32.shr_u
              i32.load8_u +1048576
              local.get 57
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
            i32.const 8
            i32.sub
            local.set 1
            i32.const 4194333
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 65
            i32.store +168
            local.get 0
            local.get 64
            local.get 26
            i64.lt_u
            i32.store +184
            i32.const 0
            br 4
          end
          local.get 57
          i64.load
          local.set 41
          local.get 41
          i64.const 4294967295
          i64.gt_u
          if
            local.get 1
            i32.const 8
            i32.sub
            local.set 1
            i32.const 4194333
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 65
            i32.store +168
            local.get 0
            local.get 64
            local.get 26
            i64.lt_u
            i32.store +184
            i32.const 0
            br 4
          end
          local.get 56
          i64.const 8
          i64.add
          local.set 8
          local.get 41
          i32.wrap_i64
          local.set 27
          local.get 1
          i32.const 9
          i32.sub
          local.set 1
          local.get 1
          i32.const 0
          i32.le_s
          if
            local.get 27
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 65
            i32.store +168
            local.get 0
            local.get 64
            local.get 26
            i64.lt_u
            i32.store +184
            i32.const 2
            br 4
          end
          local.get 0
          i32.const 1824
          i32.store +160
          local.get 0
          local.get 65
          i32.store +168
          local.get 0
          local.get 64
          local.get 26
          i64.lt_u
          i32.store +184
          local.get 0
          local.get 9
          v128.store +384
          local.get 0
          local.get 12
          f64.store +384
          local.get 0
          local.get 10
          v128.store +416
          local.get 0
          local.get 13
          f64.store +416
          local.get 0
          local.get 11
          v128.store +448
          local.get 0
          local.get 14
          f64.store +448
          local.get 0
          local.get 1
          local.get 27
          local.get 3
          local.get 4
          local.get 5
          local.get 6
          local.get 7
          local.get 8
          return_call 36
        end
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
  local.get 12
  f64.store +384
  local.get 0
  local.get 10
  v128.store +416
  local.get 0
  local.get 13
  f64.store +416
  local.get 0
  local.get 11
  v128.store +448
  local.get 0
  local.get 14
  f64.store +448
  local.get 0
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128
